#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_state.h"

/// Where the changes of a version come from: the change data feed where it was on, else what the log and the
/// rows themselves say.
namespace sluice::delta {

/// From what a caller is willing to learn what changed.
enum class ChangesWanted {
  kFeed,  ///< from the change data feed alone
  kAuto,  ///< from the feed, and from row tracking where the feed was off
  kRows,  ///< as kAuto; where neither was on, whole rows are compared
};

/// How the changes of one version are told.
enum class ChangeSource {
  kFeed,         ///< change data files, or files added and removed
  kRowTracking,  ///< rows of added and removed files, matched by their stable row ids
  kRows,         ///< whole rows of added and removed files, as a multiset
};

struct FeedOptions {
  ChangesWanted changes = ChangesWanted::kFeed;
  /// True: a range ends wherever the schema changes, and its schema is that of its versions. False: it is the
  /// schema that Spark serves.
  bool own_schema = false;
};

/// Consecutive versions of one table state.
struct FeedEra {
  Version first;
  ChangeSource source = ChangeSource::kFeed;
  RowTrackingColumns hidden;                   ///< kRowTracking
  std::vector<std::string> partition_columns;  ///< as partition values name them
};

/// The era that begins at `first` with `state`; nullopt where `wanted` has no way to learn what changes.
std::optional<FeedEra> EraOf(const TableState& state, Version first, ChangesWanted wanted);

}  // namespace sluice::delta
