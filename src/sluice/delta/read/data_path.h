#pragma once

#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/file_address.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// Where an action's path lies: a key below the table's own store, or (shallow clones) somewhere else.
/// kCorrupt on a path that leaves the table.
using DataFileAddress = FileAddress;
Result<DataFileAddress> ResolvePath(std::string_view path, const store::ObjectStore& table_store);

}  // namespace sluice::delta
