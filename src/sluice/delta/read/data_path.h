#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// Where an action's path lies: a key below the table's own store, or (shallow clones) somewhere
/// else by absolute URI. Percent-decoding is done here. kCorrupt on a path that escapes the table.
struct DataFileAddress {
  bool relative = true;
  std::string key_or_uri;
};
Result<DataFileAddress> ResolvePath(std::string_view path, const store::ObjectStore& table_store);

}  // namespace sluice::delta
