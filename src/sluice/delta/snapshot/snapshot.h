#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/schema/statistics.h"

namespace sluice::delta {

/// A live data file with what planning needs; raw statistics are dropped to keep a table of millions
/// of files small.
struct LiveFile {
  std::string path;  ///< as in the log
  PartitionValues partition_values;
  int64_t size = 0;
  int64_t modification_time = 0;  ///< ms
  std::optional<DeletionVectorDescriptor> deletion_vector;
  FileStatistics stats;  ///< for SnapshotOptions::stats_columns, same order
  /// The whole action, for who writes it again; only SnapshotOptions::with_actions.
  std::shared_ptr<const AddFile> action;
};

/// Turns one add action into a LiveFile with statistics for `columns`; `zone` as in SnapshotOptions.
LiveFile ToLiveFile(const AddFile& add, const std::vector<Field>& columns, const TimeZone& zone);

struct SnapshotOptions {
  std::optional<Version> at;               ///< nullopt: the latest
  std::vector<std::string> stats_columns;  ///< found without case; unknown names give no statistics
  TimeZone zone = TimeZone::Utc();         ///< of TIMESTAMP partition values without an offset
  bool with_files = true;                  ///< false: protocol, metadata and transactions only
  bool with_tombstones = false;            ///< writers need them for checkpoints
  bool with_actions = false;               ///< as above; large tables need much memory then
  /// Asked with the first of stats_columns and its maximum in a file none of whose values is NULL: true leaves the
  /// file out, so that a window of a table of millions of files needs memory for its own only. May be called
  /// by several threads.
  std::function<bool(const Field& column, const StatisticValue& max)> leave_out;
};

/// A table at one version (PROTOCOL.md, "Action Reconciliation"). Built from the newest usable
/// checkpoint <= version plus every commit after it; where a checkpoint is damaged, from an older one
/// or from the commits alone, as Spark does. Value type.
struct Snapshot {
  Version version;
  Timestamp committed;  ///< in-commit timestamp or the commit file's modification time
  Protocol protocol;
  Metadata metadata;
  std::vector<LiveFile> files;
  std::vector<RemoveFile> tombstones;  ///< only with_tombstones
  std::map<std::string, SetTransaction> transactions;
  std::map<std::string, DomainMetadata> domains;
  int64_t num_files = 0;  ///< those left out included
  int64_t total_bytes = 0;
  int64_t left_out = 0;  ///< live files that are not in `files`: SnapshotOptions::leave_out
  std::optional<Version> checkpoint;  ///< the checkpoint that was used
  std::string
      commit_mark;  ///< CommitFile::Mark of `version`; "" where that file is not there any more
};

}  // namespace sluice::delta
