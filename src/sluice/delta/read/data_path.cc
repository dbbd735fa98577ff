#include "sluice/delta/read/data_path.h"

#include <fmt/format.h>

namespace sluice::delta {

Result<DataFileAddress> ResolvePath(std::string_view path, const store::ObjectStore& table_store) {
  DataFileAddress address = AddressOf(path, table_store.DisplayName(""));
  const bool has_nul = address.key_or_uri.find('\0') != std::string::npos;
  if (has_nul || (address.relative && !store::ValidateKey(address.key_or_uri))) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("path '{}' in the log is not a file of the table", path),
                      "correct the writer of that path; no bytes are damaged"});
  }
  return address;
}

}  // namespace sluice::delta
