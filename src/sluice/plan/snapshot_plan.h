#pragma once

#include <optional>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/plan/export_task.h"
#include "sluice/plan/planned_export.h"
#include "sluice/plan/source_facts.h"

/// Whole tables at one version, decided without I/O: pattern C, and the seeds of pattern B.
namespace sluice::plan {

struct SnapshotFacts : SourceFacts {
  /// No row of the source, no exported column and nothing that shapes the files changed since the newest
  /// snapshot.
  bool unchanged = false;
  /// Where `source_version` was asked for by hand: the source's latest.
  std::optional<Version> latest;
};

/// The time in the folder of the next snapshot: `now` cut to the second, but at least a second after the
/// newest one, whatever clocks do.
Timestamp NextSnapshotTime(const ledger::Position& position, Timestamp now);

/// Pattern C: one export, or none where `skip_unchanged` finds nothing to do. kConflict where the source
/// was started again or went back.
Result<std::vector<PlannedExport>> PlanSnapshot(const config::Table& table,
                                                const SnapshotFacts& facts);

/// The seed of a change feed at the pinned version (kSeed), or a new one, whatever was exported before
/// (kReseed). The feed goes on with the version after it.
PlannedExport PlanSeed(const SourceFacts& facts, ledger::ExportKind kind);

/// The same export again, from its intent.
PlannedExport PlanSnapshotAgain(const ledger::Intent& intent, const SourceFacts& facts);

/// Every live file into the folder of a PlannedWholeTable's time. An empty table gives one file.
Result<ExportTask> MakeWholeTableTask(const config::Table& table, const PlannedExport& planned,
                                      const delta::Snapshot& snapshot);

}  // namespace sluice::plan
