#pragma once

#include <memory>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// Writes a single-file checkpoint (PROTOCOL.md, "Checkpoints", V1 spec, or V2 where the table's
/// delta.checkpointPolicy is v2) under the classic name, of the table at `version` and then `_last_checkpoint`, unless that one names a newer version already. The checkpoint is
/// built in memory: for small tables such as _export_state. Tombstones younger than
/// `delta.deletedFileRetentionDuration` as of `now` are kept. Statistics go in as JSON. A checkpoint that
/// exists already is a success. kUnsupported and the like as LoadSnapshot.
Status WriteCheckpoint(const std::shared_ptr<store::ObjectStore>& table_store, Version version,
                       Timestamp now);

}  // namespace sluice::delta
