#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/exporter/source/pinned_source.h"
#include "sluice/plan/feed_plan.h"

namespace sluice::exporter {

/// Pattern B: a seed, or windows of changes, from the feed or computed. Where Spark refuses a range whole, it is cut: what
/// can be exported is, and only what is really lost is an error.
class FeedSource : public PinnedSource<plan::FeedFacts, RangeSource> {
 public:
  static Result<std::unique_ptr<FeedSource>> Look(Session& session,
                                                  const ledger::Position& position,
                                                  const SourceOptions& options);

  Result<PlannedWork> Plan() override;
  Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) override;
  Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) override;
  Result<std::optional<plan::PlannedExport>> PlanBeforeRange() override;
  Result<int64_t> RangeLimit() override;
  Result<std::vector<plan::PlannedExport>> PlanRange(
      const plan::Range& range, std::optional<int64_t> chunk,
      const std::vector<plan::ReplacedExport>& replaced) override;

 private:
  /// What of (after, last] can be read, in pieces of one schema each.
  struct Readable {
    std::vector<delta::FeedRange> ranges;
    std::optional<Error> then;       ///< why it ends before `last`
    std::vector<std::string> notes;  ///< where one piece ends and the next begins, and why
  };

  using PinnedSource::PinnedSource;
  /// Whether every entry of `columns` and `exclude` names a column that the table has, or had in the surveyed ranges.
  Status CheckEntries() const;
  Result<Readable> Survey(Version after, Version last, const delta::FeedOptions& options) const;

  std::vector<delta::FeedRange> ranges_;  ///< of what was planned last
};

}  // namespace sluice::exporter
