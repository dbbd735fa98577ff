#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/config/config.h"
#include "sluice/store/object_store.h"

/// Every name of the data files at the destination, made and parsed in this one file. (Manifests and
/// ledger entries are named in ledger/ledger_path.h.)
///
/// | pattern  | example                                                                          |
/// |----------|----------------------------------------------------------------------------------|
/// | append   | events_incremental/dt=2026-01-31/hr=09/sluice-00000012-9f...e1-00003.parquet      |
/// | cdc      | users_cdc/_commit_date=2026-01-31/sluice-...                                      |
/// | snapshot | countries/snapshot_ts=2026-01-31T09-00-00Z/sluice-...                             |
namespace sluice::plan {

/// The folder of an export's files below the destination, with a trailing '/'.
std::string DataFolder(config::Pattern pattern, std::string_view name);
/// Every such folder that exports of the table may lie in: the seeds of a change feed lie where
/// snapshots do.
std::vector<std::string> DataFolders(config::Pattern pattern, std::string_view name);

/// "dt=2026-01-31/hr=09" or "dt=2026-01-31": the partition of a row by its watermark.
std::string PartitionFolder(Timestamp watermark, config::Partition partition, const TimeZone& zone);

/// "_commit_date=2026-01-31": the partition of a change by its commit's timestamp.
std::string CommitDateFolder(Timestamp commit, const TimeZone& zone);
/// "snapshot_ts=2026-01-31T09-00-00Z": cut to the second; always UTC.
std::string SnapshotFolder(Timestamp at);
/// nullopt for anything else.
std::optional<Timestamp> ParseSnapshotFolder(std::string_view folder);
/// The empty file beside a complete snapshot's files: "_SUCCESS" in `data_folder` + `partition`.
store::Key SuccessKey(std::string_view data_folder, std::string_view partition);

/// Which folder below an export's data folder a row goes to, by its instant: the watermark, or the
/// timestamp of the commit that changed it; all rows of a snapshot to one.
struct Partitioning {
  enum class Kind { kHour, kDay, kCommitDate, kSnapshot };
  Kind kind = Kind::kHour;
  TimeZone timezone = TimeZone::Utc();
  std::string snapshot;  ///< kSnapshot: the folder
};
std::string PartitionFolder(Timestamp instant, const Partitioning& partitioning);

/// True where `folder` is one that an export of this pattern may have below its data folder: whether a
/// listed file lies in a valid partition.
bool IsPartitionFolder(std::string_view folder, config::Pattern pattern);

/// The instant at which a partition ends (exclusive) in `zone`; nullopt if the text is not such a folder.
std::optional<Timestamp> PartitionEnd(std::string_view folder, const TimeZone& zone);

/// The instant at which a partition begins in `zone`: none before it falls into it. As PartitionEnd.
std::optional<Timestamp> PartitionBegin(std::string_view folder, const TimeZone& zone);

/// Columns that stand in the path only. A source column of one of these names is replaced.
std::vector<std::string> PartitionColumns(config::Pattern pattern, config::Partition partition);

struct DataFileName {
  int64_t n = 0;        ///< export number
  std::string attempt;  ///< 16 hex digits, random, one per try
  int64_t ordinal = 0;  ///< unique within the attempt
};
/// "sluice-<n, at least 8 digits>-<attempt>-<ordinal, at least 5 digits>.parquet"
std::string FormatDataFileName(const DataFileName& name);
/// nullopt for a file that sluice did not name ("foreign"). `file` is the last path part.
std::optional<DataFileName> ParseDataFileName(std::string_view file);

}  // namespace sluice::plan
