#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

struct MatchOptions {
  std::vector<Field> row;  ///< ChangeSource::kRows: the columns that make rows equal
  TimeZone zone = TimeZone::Utc();
  int64_t memory_bytes = int64_t{1} << 28;  ///< for the rows that are held at one time
  std::function<Status()> check;            ///< an error ends it
};

/// Finds the rows that stand both in what the commit removed and in what it added, and notes in its files which
/// were merely copied and which were updated. Files of which no row changed are left out. Does nothing where
/// `changes` needs no matching.
///
/// Errors as OpenChangeFile; kCorrupt where two removed rows have one id.
Status MatchRows(const std::shared_ptr<store::ObjectStore>& table_store,
                 const MatchOptions& options, CommitChanges& changes);

}  // namespace sluice::delta
