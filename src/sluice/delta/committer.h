#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/actions.h"
#include "sluice/runtime/clock.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

enum class CommitOutcome {
  kCommitted,  ///< our commit is that version
  kConflict,   ///< another writer has that version; reload and try again
};

/// Writes commit `commit.version` with put-if-absent (PROTOCOL.md, "Delta Log Entries"). commitInfo is
/// the first action. Ambiguous answers were resolved by the store.
Result<CommitOutcome> WriteCommit(store::ObjectStore& table_store, const Commit& commit);

/// The commit's text, one action a line.
std::string SerializeCommit(const Commit& commit);

/// Writes a classic single-file checkpoint of the table at `version` and then `_last_checkpoint`.
/// Tombstones younger than `delta.deletedFileRetentionDuration` (as of `now`) are kept. Writing a
/// checkpoint that exists already is a success.
Status WriteCheckpoint(store::ObjectStore& table_store, Version version, Timestamp now);

/// Deletes commits and checkpoints that are older than `delta.logRetentionDuration` and not needed to
/// read any version since the newest checkpoint that is itself old enough, then data files whose
/// tombstones expired. Returns how many objects went. Only for tables that sluice owns: _export_state.
Result<int64_t> CleanUp(store::ObjectStore& table_store, Timestamp now);

}  // namespace sluice::delta
