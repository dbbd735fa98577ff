#pragma once

#include <vector>

#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Carries out `exports`, which were planned when `newest` was the newest number and settled: one number
/// each, from newest + 1 on, in their order. A number that another runner took meanwhile was planned from
/// the same position, so nothing may be done in its place: kLost. Late rows are counted before a number is
/// taken for them: commits that only rewrote rows leave no empty export.
Result<Performed> CarryOut(Session& session, PatternSource& source, int64_t newest,
                           const std::vector<plan::PlannedExport>& exports,
                           transfer::Progress& progress, RunReport& report);

}  // namespace sluice::exporter
