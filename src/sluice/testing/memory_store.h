#pragma once

#include <memory>

#include "sluice/store/object_store.h"

namespace sluice::testing {

/// An object store in memory with S3's semantics; every copy of the pointer sees the same objects.
/// Modification times come from a counter that begins at 2025-12-31T23:00:00Z, one millisecond
/// a write.
std::shared_ptr<store::ObjectStore> MakeMemoryStore();

}  // namespace sluice::testing
