#pragma once

#include <optional>

#include "sluice/exporter/session.h"

namespace sluice::exporter {

/// What is wrong with the table's row in _export_state, seen from `position`, where the exports stand: the
/// row is missing, NULL or behind (kConflict, naming both). nullopt where it stands there or is ahead, where
/// nothing is exported yet, and for a pattern that keeps no state. Errors: those of reading the state.
Result<std::optional<Error>> FindRowBehind(Session& session, const ledger::Position& position);

/// Number `n` is published, and the state has no mark that it followed. kConflict where an earlier run saw
/// it follow and the row does not stand there: then the state table was lost or replaced since, and putting
/// the row back in silence would hide that. Otherwise a crash came between manifest and state, and the state
/// may follow now.
Status RequireNotLost(Session& session, int64_t n, const ledger::Position& position);

}  // namespace sluice::exporter
