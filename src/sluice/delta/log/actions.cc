#include "sluice/delta/log/actions.h"

#include <fmt/format.h>

namespace sluice::delta {

std::string DeletionVectorDescriptor::UniqueId() const {
  return offset ? fmt::format("{}{}@{}", storage_type, path_or_inline_dv, *offset)
                : fmt::format("{}{}", storage_type, path_or_inline_dv);
}

}  // namespace sluice::delta
