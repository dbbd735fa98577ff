#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/store/object_store.h"

/// How a Delta table is best exported, judged by what its log says: for `init`. No data file is opened.
namespace sluice::exporter {

/// What a suggestion rests on.
struct TableProfile {
  delta::Snapshot snapshot;  ///< with statistics of `candidates`
  std::vector<delta::Field>
      candidates;                  ///< columns that could be a watermark, in the table's order
  std::set<std::string> changing;  ///< operations of its recent commits that took rows out
};

struct Suggestion {
  config::Pattern pattern = config::Pattern::kSnapshot;
  std::string watermark;  ///< append only
  /// append: a full hour (UTC) before the first row, those of `older` left out; nullopt: unknown
  std::optional<Timestamp> before_first;
  /// append: the oldest watermark, where it lies so far back that `before_first` leaves it out
  std::optional<Timestamp> older;
  std::string reason;  ///< one or two sentences
};

/// Append for a table with a timestamp whose rows stay as they are, cdc for one whose change data feed is
/// on, snapshot for the rest. Pure.
Suggestion SuggestPattern(const TableProfile& profile);

/// Reads what SuggestPattern needs of a table.
Result<TableProfile> ProfileTable(const delta::Log& log);

/// The folders below `store`'s root that are Delta tables, "" for the root itself, ascending. Neither
/// hidden folders nor partitions nor the inside of a table are searched.
Result<std::vector<std::string>> FindDeltaTables(const store::ObjectStore& store,
                                                 const runtime::CancelToken& cancel);

}  // namespace sluice::exporter
