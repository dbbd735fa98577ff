#pragma once

#include <optional>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/plan/export_task.h"
#include "sluice/plan/planned_export.h"
#include "sluice/plan/source_facts.h"

/// Pattern B, decided without I/O: a seed, and windows of commit versions.
namespace sluice::plan {

struct FeedFacts : SourceFacts {
  bool can_follow =
      false;  ///< what changes after the pinned version can be learned, as `changes` wants it
  bool reseed = false;        ///< asked for by hand
  delta::TableSchema newest;  ///< at the pinned version
};

/// How a run begins.
struct FeedBeginning {
  /// A seed, or a reset where a notebook moved the row on; comes before the first window.
  std::optional<PlannedExport> first;
  /// The windows go on after this version; nullopt: this run has none (the seed is everything).
  std::optional<Version> after;
  /// `after` is to be found in the log: the version before the one that last turned the feed on.
  bool from_enabling = false;
};

/// kConflict where the row lies behind the newest manifest, is NULL or missing although there is one, or
/// the source's log was recreated or went back; kSourceGone where a seed could not be followed by a feed
/// because it is off; kConfig where `start` is a version that the source does not have yet.
Result<FeedBeginning> BeginFeed(const config::Table& table, const FeedFacts& facts);

/// The windows over `ranges`, which ascend without a gap and begin after `after`; each is cut by the
/// table's `chunk`. `row` is where the state row stands.
Result<std::vector<PlannedExport>> PlanFeedWindows(const config::Table& table,
                                                   const FeedFacts& facts,
                                                   const ledger::Position& position,
                                                   ledger::Bound row, Version after,
                                                   const std::vector<delta::FeedRange>& ranges,
                                                   std::optional<int64_t> chunk);

/// The same window or backfill again, from its intent.
Result<PlannedExport> PlanFeedAgain(const config::Table& table, const ledger::Intent& intent,
                                    const FeedFacts& facts, const delta::FeedRange& range);

/// Versions (start, end] of `planned` out of `range`, which holds them.
Result<ExportTask> MakeFeedTask(const config::Table& table, const PlannedExport& planned,
                                const delta::Metadata& metadata, const delta::FeedRange& range);

}  // namespace sluice::plan
