#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

namespace sluice::store {

/// What a crash left in the staging folder of a local store and no list of uploads shows: a temporary file of
/// a write on its way, or the folder of an upload that never got its first byte.
struct LocalLeftover {
  std::string path;
  int64_t size = 0;  ///< bytes; 0 for a folder
};

/// Those that were not touched since `before`, in the order of their names. A root without a staging folder
/// has none. kPermission, kStorage.
Result<std::vector<LocalLeftover>> FindLocalLeftovers(const std::string& root, Timestamp before);
/// Removing what is not there succeeds; so does a folder that came to life meanwhile, which stays.
Status RemoveLocalLeftover(const LocalLeftover& leftover);

}  // namespace sluice::store
