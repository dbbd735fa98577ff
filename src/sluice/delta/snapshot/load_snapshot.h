#pragma once

#include "sluice/base/result.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {

/// kNotFound if `at` is beyond the latest version or nothing is there; kSourceGone if it was cleaned
/// up; kUnsupported by name for a reader feature that sluice lacks; otherwise as Log.
Result<Snapshot> LoadSnapshot(const Log& log, const SnapshotOptions& options);

}  // namespace sluice::delta
