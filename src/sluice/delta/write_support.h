#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/delta/actions.h"

/// What a table asks of those who write to it: its features and its properties.
namespace sluice::delta {

/// kUnsupported naming everything that `protocol` and `metadata` demand of a writer that updates rows and
/// that this program lacks (PROTOCOL.md, "Writer Version Requirements", "Table Features"), e.g. CHECK
/// constraints, generated columns, row tracking, column mapping. A feature that is listed and not in use
/// does no harm, unless the protocol says otherwise. Reader features are CheckReadable's.
Status CheckWritable(const Protocol& protocol, const Metadata& metadata, std::string_view table);

/// Table properties ("delta.*"); absent or unreadable ones have Delta's defaults.
struct TableProperties {
  Duration log_retention = Days(30);          ///< delta.logRetentionDuration
  Duration deleted_file_retention = Days(7);  ///< delta.deletedFileRetentionDuration
  int64_t checkpoint_interval = 10;           ///< delta.checkpointInterval, commits
  bool clean_up_log = true;                   ///< delta.enableExpiredLogCleanup
  bool in_commit_timestamps = false;          ///< delta.enableInCommitTimestamps
};
TableProperties PropertiesOf(const Metadata& metadata);

/// "interval 1 days", "2 weeks", "interval 1 day 12 hours"; nullopt for anything else. Spark's
/// CalendarInterval without months and years, which have no length.
std::optional<Duration> ParseInterval(std::string_view text);

}  // namespace sluice::delta
