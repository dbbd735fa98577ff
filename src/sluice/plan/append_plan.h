#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/plan/planned_export.h"
#include "sluice/plan/source_facts.h"

/// Pattern A, decided without I/O: which exports a run is going to make.
namespace sluice::plan {

/// The windows of this run, ascending, without gap or overlap; empty where start >= end. A reset comes
/// first where a notebook moved the row on; an empty window where `start` is "now" or a duration.
/// kConflict where the row lies behind the newest manifest, is NULL or missing although there is one;
/// where the source's log was recreated; where its latest version is older than the one exported.
Result<std::vector<PlannedExport>> PlanWindows(const config::Table& table,
                                               const SourceFacts& facts);

/// The export of the late rows of commits (position.scanned_through, source_version].
PlannedExport PlanLate(const SourceFacts& facts);

/// An earlier export that a backfill exports again.
struct Replaced {
  int64_t n = 0;
  Timestamp end;    ///< inclusive end of the watermarks that it holds
  Timestamp start;  ///< exclusive start of them
};

/// (from, to] by hand, cut by `chunk`; each old export is replaced by the first piece after which all
/// of it has come again. State and position stay.
Result<std::vector<PlannedExport>> PlanBackfill(const config::Table& table,
                                                const SourceFacts& facts, Timestamp from,
                                                Timestamp to, std::optional<Duration> chunk,
                                                const std::vector<Replaced>& replaced);

/// Where a backfill must end at the latest: what lies after it is exported by coming windows.
Timestamp BackfillLimit(const config::Table& table, const SourceFacts& facts);

/// The same export again, from its intent: for a runner that adopts it. `facts` are those of the version that
/// the intent pinned.
PlannedExport PlanFromIntent(const config::Table& table, const ledger::Intent& intent,
                             const SourceFacts& facts);

/// Where the windows of a run begin at the earliest, known before the source is looked at: `row` is where the table's
/// row stands. nullopt where they may begin anywhere.
std::optional<Timestamp> EarliestStart(const config::Table& table, const ledger::Position& position,
                                       const ledger::Bound& row, Timestamp now);

/// The end that a run at `now` would export up to: (now - delay) cut to the hour.
Timestamp WindowEnd(const config::Table& table, Timestamp now);

/// The first `now` at which a run has a window to export that begins at `start`.
Timestamp NextWindowAt(const config::Table& table, Timestamp start);

/// Cuts (start, end] at the multiples of `chunk` in the table's timezone; ascending ends, the last is
/// `end`.
std::vector<Timestamp> CutAtMultiples(Timestamp start, Timestamp end, Duration chunk,
                                      const TimeZone& zone);

}  // namespace sluice::plan
