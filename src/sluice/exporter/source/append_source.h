#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/exporter/source/pinned_source.h"
#include "sluice/plan/append_plan.h"

namespace sluice::exporter {

/// Pattern A: late rows first, then the windows.
class AppendSource : public PinnedSource<plan::SourceFacts, RangeSource> {
 public:
  static Result<std::unique_ptr<AppendSource>> Look(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options);

  Result<PlannedWork> Plan() override;
  Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) override;
  Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) override;
  /// The export of late rows, if commits since the last export may have brought any.
  Result<std::optional<plan::PlannedExport>> PlanBeforeRange() override;
  Result<int64_t> RangeLimit() override;
  Result<std::vector<plan::PlannedExport>> PlanRange(
      const plan::Range& range, std::optional<int64_t> chunk,
      const std::vector<plan::ReplacedExport>& replaced) override;

 private:
  using PinnedSource::PinnedSource;
  Result<std::vector<delta::Commit>> ReadCommits() const;
  /// The task of late rows of `commits`, out of which what only adds live files again is taken.
  Result<plan::ExportTask> MakeLate(const plan::PlannedExport& late,
                                    std::vector<delta::Commit>& commits) const;
};

}  // namespace sluice::exporter
