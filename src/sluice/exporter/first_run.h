#pragma once

#include <string>
#include <vector>

#include "sluice/exporter/session/session.h"
#include "sluice/plan/planned_export.h"

namespace sluice::exporter {

/// Refuses (kConflict) a first run whose windows hold what a backfill exported before it: `start` was set
/// back since. Backfills from before a `state forget`, which asks to start again, don't count: of what was
/// exported before that, and will be in folders twice, the result says so in words.
Result<std::vector<std::string>> CheckFirstRun(const Session& session,
                                               const ledger::LedgerView& view,
                                               const std::vector<plan::PlannedExport>& exports);

}  // namespace sluice::exporter
