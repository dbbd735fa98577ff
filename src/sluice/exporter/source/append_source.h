#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/exporter/source/pinned_source.h"
#include "sluice/plan/append_plan.h"

namespace sluice::exporter {

/// Pattern A: late rows first, then the windows.
class AppendSource : public PinnedSource<plan::AppendFacts> {
 public:
  static Result<std::unique_ptr<AppendSource>> Look(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options);

  void AssumeRowAt(const ledger::Bound& end) override;
  Result<PlannedWork> Plan() override;
  Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) override;
  bool RowStillStands(const ledger::Intent& intent) const override;
  Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) override;
  Result<int64_t> BackfillLimit() override;
  Result<std::vector<plan::PlannedExport>> PlanBackfill(
      const Range& range, std::optional<int64_t> chunk,
      const std::vector<Replaced>& replaced) override;

  /// The number of late rows, if commits since the last export may have brought any.
  Result<std::optional<plan::PlannedExport>> PlanLate();

 private:
  using PinnedSource::PinnedSource;
  Result<std::vector<delta::Commit>> ReadCommits() const;
};

}  // namespace sluice::exporter
