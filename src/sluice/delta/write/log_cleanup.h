#pragma once

#include <cstdint>
#include <memory>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

/// Keeps a table that sluice writes small. Only for tables that sluice owns: _export_state. Both
/// functions return how many objects went, may be repeated at will, and are safe beside other writers as
/// long as the caller has just committed to the table (a writer that prepared a file before that
/// must lose its race and write a new one).
namespace sluice::delta {

/// PROTOCOL.md, "Metadata Cleanup": with `cutoff` = midnight UTC before now - delta.logRetentionDuration,
/// finds the newest checkpoint that is not after the newest commit of before the cutoff, and deletes
/// the commits, checkpoints and checksums of earlier versions. So every version of the retention time
/// stays readable, and its commits. Sidecars from before the cutoff that no checkpoint names any more go, too. Nothing
/// happens without such a checkpoint, where it is older than what checkpointProtection protects, or where
/// delta.enableExpiredLogCleanup is false.
Result<int64_t> CleanUpLog(const std::shared_ptr<store::ObjectStore>& table_store, Timestamp now);

/// Deletes data files and deletion vectors whose tombstones expired (delta.deletedFileRetentionDuration,
/// at least an hour) and that no live file names; then files and uploads with sluice's own names
/// that are older than a day and that neither a live file nor an unexpired tombstone names: what lost a
/// race or belonged to a process that died; and its files of changes that are older than the log. To be called before WriteCheckpoint with the same `now`,
/// because a checkpoint forgets expired tombstones.
Result<int64_t> CleanUpFiles(const std::shared_ptr<store::ObjectStore>& table_store, Timestamp now);

}  // namespace sluice::delta
