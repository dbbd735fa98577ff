#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/types.h"
#include "sluice/delta/log/actions.h"

namespace sluice::delta {

/// Table properties ("delta.*"); absent or unreadable ones have Delta's defaults.
struct TableProperties {
  Duration log_retention = Days(30);          ///< delta.logRetentionDuration
  Duration deleted_file_retention = Days(7);  ///< delta.deletedFileRetentionDuration
  int64_t checkpoint_interval = 10;           ///< delta.checkpointInterval, commits
  bool clean_up_log = true;                   ///< delta.enableExpiredLogCleanup
  bool in_commit_timestamps = false;          ///< delta.enableInCommitTimestamps
  bool change_data_feed = false;              ///< delta.enableChangeDataFeed
};
TableProperties PropertiesOf(const Metadata& metadata);

/// True for "true" in any case, as Spark reads a Boolean property; false for anything else or nothing.
bool IsPropertyTrue(const Metadata& metadata, std::string_view property);

/// "interval 1 days", "2 weeks", "interval 1 day 12 hours"; nullopt for anything else. Spark's
/// CalendarInterval without months and years, which have no length.
std::optional<Duration> ParseInterval(std::string_view text);

}  // namespace sluice::delta
