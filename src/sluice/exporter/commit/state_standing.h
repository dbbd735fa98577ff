#pragma once

#include <optional>

#include "sluice/exporter/session/commit_context.h"

/// How _export_state stands beside the ledger (docs/commit-protocol.md, step 7).
namespace sluice::exporter {

/// True once the state's txn says that it followed export n.
Result<bool> StateFollowed(const CommitContext& context, int64_t n);

/// The error that the state would end in when it follows an export: to be asked before one is decided. Well for a
/// pattern that keeps no state.
Status RequireStateWritable(const CommitContext& context);

/// Lets the row follow `decision`. kConflict where it stands behind what the decision expects.
Status FollowState(const CommitContext& context, const ledger::Decision& decision);

/// The same for an export that is visible, unless the state has followed already or the pattern keeps none.
Status LetStateFollow(const CommitContext& context, const ledger::Decision& decision);

/// True where the newest export is published and the state has not followed it yet, as after a crash or
/// beside a live run: the next run moves it. False where it cannot, or lost what it had followed.
Result<bool> StateIsToFollow(const CommitContext& context, const ledger::LedgerView& view);

/// For an empty ledger: kConflict where the state has followed an export of this table, because numbers
/// would start again and the state take them for old ones.
Status RequireFreshState(const CommitContext& context);

/// What is wrong with the table's row in _export_state, seen from `position`, where the exports stand: the
/// row is missing, NULL or behind (kConflict, naming both). nullopt where it stands there or is ahead, where
/// nothing is exported yet, and for a pattern that keeps no state. Errors: those of reading the state.
Result<std::optional<Error>> FindRowBehind(const CommitContext& context,
                                           const ledger::Position& position);

/// Number `n` is published, and the state has no mark that it followed. kConflict where an earlier run saw
/// it follow and the row does not stand there: then the state table was lost or replaced since, and putting
/// the row back in silence would hide that. Otherwise a crash came between manifest and state, and the state
/// may follow now.
Status RequireNotLost(const CommitContext& context, int64_t n, const ledger::Position& position);

}  // namespace sluice::exporter
