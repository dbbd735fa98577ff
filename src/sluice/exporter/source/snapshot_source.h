#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/exporter/source/pinned_source.h"
#include "sluice/plan/snapshot_plan.h"

namespace sluice::exporter {

/// Pattern C: the whole table, each run.
class SnapshotSource : public PinnedSource<plan::SnapshotFacts, PatternSource> {
 public:
  static Result<std::unique_ptr<SnapshotSource>> Look(Session& session,
                                                      const ledger::Position& position,
                                                      const SourceOptions& options);

  Result<PlannedWork> Plan() override;
  Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) override;
  Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) override;

 private:
  using PinnedSource::PinnedSource;
  Result<bool> IsUnchanged() const;
};

}  // namespace sluice::exporter
