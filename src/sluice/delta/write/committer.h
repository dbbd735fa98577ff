#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

enum class CommitOutcome {
  kCommitted,  ///< our commit is that version
  kConflict,   ///< another writer has that version; nothing of ours is there: reload and try again
  /// We had that version, and a writer without conditional commits replaced it: reload.
  kOverwritten
};

/// Writes commit `commit.version` with put-if-absent (PROTOCOL.md, "Delta Log Entries") and reads it
/// back. Ambiguous answers are resolved by the store; after an error (kTransient, ...) the commit may
/// or may not be there: only its `txn` action, looked for in a newer snapshot, tells. `commit.info`
/// needs a txn_id that no other attempt has, or two equal commits could not be told apart.
Result<CommitOutcome> WriteCommit(store::ObjectStore& table_store, const Commit& commit);

/// The commit's text: one action a line, commitInfo first, as in-commit timestamps demand.
std::string SerializeCommit(const Commit& commit);

}  // namespace sluice::delta
