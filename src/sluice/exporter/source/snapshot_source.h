#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/exporter/source/pinned_source.h"
#include "sluice/plan/snapshot_plan.h"

namespace sluice::exporter {

/// Pattern C: the whole table, each run.
class SnapshotSource : public PinnedSource<plan::SnapshotFacts> {
 public:
  static Result<std::unique_ptr<SnapshotSource>> Look(Session& session,
                                                      const ledger::Position& position,
                                                      const SourceOptions& options);

  void AssumeRowAt(const ledger::Bound&) override {}
  Result<PlannedWork> Plan() override;
  Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) override;
  bool RowStillStands(const ledger::Intent&) const override { return true; }
  Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) override;
  Result<int64_t> BackfillLimit() override;
  Result<std::vector<plan::PlannedExport>> PlanBackfill(
      const Range& range, std::optional<int64_t> chunk,
      const std::vector<Replaced>& replaced) override;

 private:
  using PinnedSource::PinnedSource;
  Result<bool> IsUnchanged() const;
};

}  // namespace sluice::exporter
