#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/exporter/pattern_source.h"
#include "sluice/plan/append_plan.h"

namespace sluice::exporter {

/// Pattern A: late rows first, then the windows.
class AppendSource : public PatternSource {
 public:
  static Result<std::unique_ptr<AppendSource>> Look(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options);

  const plan::AppendFacts& facts() const override { return facts_; }
  const delta::Snapshot& snapshot() const override { return snapshot_; }
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
  explicit AppendSource(Session& session) : session_(session) {}
  Result<std::vector<delta::Commit>> ReadCommits() const;

  Session& session_;
  delta::Snapshot snapshot_;
  plan::AppendFacts facts_;
};

}  // namespace sluice::exporter
