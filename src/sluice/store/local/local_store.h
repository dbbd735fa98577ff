#pragma once

#include <memory>
#include <string>

#include "sluice/store/object_store.h"

namespace sluice::store {

/// Opens the folder `root` (absolute path) as an object store. The folder need not exist: reads then
/// find nothing, and the first write makes it. Durability: a write that returned has survived a
/// crash of the machine (fsync of the file and of its folder). PutIfAbsent is a temporary file,
/// fsync and link(2); uploads are staged files linked into place without replacing.
/// Symbolic links below the root are followed for reading.
std::shared_ptr<ObjectStore> OpenLocalStore(std::string root);

}  // namespace sluice::store
