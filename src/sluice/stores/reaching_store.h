#pragma once

#include <functional>
#include <memory>

#include "sluice/store/location.h"
#include "sluice/store/object_store.h"

namespace sluice::stores {

/// `inner`, the store of a table at `location`, whose OpenElsewhere also reaches other folders and buckets through
/// `open`. The log of a table in a bucket does not reach the local disk, which its writer has no right to read.
/// Thread-safe if `open` is. The places that it opened stay open as long as the store.
std::shared_ptr<store::ObjectStore> ReachElsewhere(
    std::shared_ptr<store::ObjectStore> inner, store::Location location,
    std::function<Result<std::shared_ptr<store::ObjectStore>>(const store::Location&)> open);

}  // namespace sluice::stores
