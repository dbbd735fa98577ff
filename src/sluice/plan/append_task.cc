#include "sluice/plan/append_task.h"

#include <cstdlib>
#include <set>
#include <utility>

#include "sluice/delta/snapshot/partition_check.h"
#include "sluice/plan/column_choice.h"
#include "sluice/plan/spark_timestamp.h"

namespace sluice::plan {
namespace {

/// Local readings and instants differ by less than this in every zone there ever was.
constexpr int64_t kZoneSlack = 26 * int64_t{3'600'000'000};

/// A bound of the watermark's own type as micros of an instant that is certainly not inside of it:
/// `slack` is -1 for lower bounds and +1 for upper ones.
std::optional<int64_t> InstantBound(const delta::StatisticValue& value, delta::TypeId type,
                                    const TimeZone& zone, int slack) {
  const auto* number = std::get_if<int64_t>(&value);
  if (number == nullptr) return std::nullopt;
  switch (type) {
    case delta::TypeId::kTimestamp:
      return *number;
    case delta::TypeId::kTimestampNtz: {
      int64_t widened = 0;
      if (__builtin_add_overflow(*number, slack * kZoneSlack, &widened)) return std::nullopt;
      return widened;
    }
    case delta::TypeId::kDate:
      return CastDateToTimestamp(static_cast<int32_t>(*number), zone).micros;
    default:
      return std::nullopt;  // strings are not ordered as the times that they stand for
  }
}

bool OnlyNulls(const delta::LiveFile& file) {
  return file.stats.num_records && !file.stats.columns.empty() &&
         file.stats.columns.front().null_count == file.stats.num_records;
}

SourceFile WithBounds(const delta::LiveFile& file, const delta::Field& watermark,
                      const TimeZone& zone) {
  SourceFile source = ToSourceFile(file);
  if (!file.stats.columns.empty()) {
    const auto& stats = file.stats.columns.front();
    source.watermark_min = InstantBound(stats.min, watermark.type.id, zone, -1);
    source.watermark_max = InstantBound(stats.max, watermark.type.id, zone, +1);
  }
  return source;
}

bool MayIntersect(const SourceFile& file, const TimeWindow& window) {
  if (file.watermark_min && *file.watermark_min > window.end.micros) return false;
  if (file.watermark_max && *file.watermark_max <= window.start.micros) return false;
  return true;
}

/// Live rows of the file whose watermark is NULL; nullopt where the log can't tell.
std::optional<int64_t> KnownNulls(const delta::LiveFile& file, const SourceFile& source,
                                  const delta::Field& watermark) {
  if (watermark.type.id == delta::TypeId::kString)
    return std::nullopt;  // text that is not a time, too
  if (file.stats.columns.empty() || !file.stats.columns.front().null_count) return std::nullopt;
  const int64_t nulls = *file.stats.columns.front().null_count;
  if (nulls == 0 || !file.deletion_vector) return nulls;
  if (source.rows && file.stats.num_records == nulls) return source.rows;
  return std::nullopt;
}

Result<TimeWindow> WindowOf(const PlannedExport& planned) {
  const auto* rows = std::get_if<PlannedRows>(&planned.what);
  const bool part = rows != nullptr && rows->renews_a_part();
  const auto* start = std::get_if<Timestamp>(part ? &rows->renewed_start : &planned.start);
  const auto* end = std::get_if<Timestamp>(part ? &rows->renewed_end : &planned.end);
  if (start == nullptr || end == nullptr) {
    return Fail(ErrorKind::kInternal, "an append export was planned without a window");
  }
  return TimeWindow{*start, *end};
}

Result<ExportTask> BeginAppendTask(const config::Table& table, const delta::Snapshot& snapshot) {
  SLUICE_ASSIGN_OR_RETURN(ExportTask task, BeginTask(table, snapshot.metadata));
  task.data_folder = DataFolder(table.pattern(), table.name);
  task.partitioning.kind = table.partition == config::Partition::kHourly ? Partitioning::Kind::kHour
                                                                         : Partitioning::Kind::kDay;
  return task;
}

int64_t Metric(const delta::Commit& commit, const std::string& name, int64_t otherwise) {
  if (!commit.info) return otherwise;
  const auto found = commit.info->operation_metrics.find(name);
  if (found == commit.info->operation_metrics.end()) return otherwise;
  char* end = nullptr;
  const int64_t value = std::strtoll(found->second.c_str(), &end, 10);
  return *end == '\0' && !found->second.empty() ? value : otherwise;
}

/// True for operations that by their nature bring no row: what they add, they took from rows that were
/// there before.
bool OnlyRewrites(const delta::Commit& commit) {
  if (!commit.info) return false;
  static const std::set<std::string> kRewriting{"DELETE", "UPDATE", "OPTIMIZE", "RESTORE", "REORG"};
  const std::string& operation = commit.info->operation;
  if (kRewriting.contains(operation)) return true;
  return operation == "MERGE" && Metric(commit, "numTargetRowsInserted", -1) == 0;
}

/// Whether the rows that the commit took away may stand in what it added, with other values.
bool MayUpdate(const delta::Commit& commit) {
  return commit.info && commit.info->operation == "MERGE" &&
         Metric(commit, "numTargetRowsUpdated", -1) != 0;
}

std::vector<SourceFile> RemovedFiles(const delta::Commit& commit) {
  std::vector<SourceFile> files;
  for (const auto& remove : commit.removes) {
    if (!remove.data_change) continue;
    SourceFile file;
    file.path = remove.path;
    file.partition_values = remove.partition_values;
    file.deletion_vector = remove.deletion_vector;
    file.size = remove.size.value_or(0);
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

Result<ExportTask> MakeWindowTask(const config::Table& table, const PlannedExport& planned,
                                  const delta::Snapshot& snapshot) {
  SLUICE_ASSIGN_OR_RETURN(ExportTask task, BeginAppendTask(table, snapshot));
  WindowRead read;
  SLUICE_ASSIGN_OR_RETURN(read.window, WindowOf(planned));
  SLUICE_ASSIGN_OR_RETURN(read.watermark, FindWatermark(table, snapshot.metadata.schema));
  SLUICE_RETURN_IF_ERROR(delta::RequireAnyPartitionValue(snapshot, read.watermark, table.timezone));
  const bool empty = read.window.start >= read.window.end;
  for (const auto& file : snapshot.files) {
    SourceFile source = WithBounds(file, read.watermark, table.timezone);
    if (!empty && !OnlyNulls(file) && MayIntersect(source, read.window)) {
      read.files.push_back(std::move(source));
    } else if (const auto nulls = KnownNulls(file, source, read.watermark)) {
      read.known_null_watermarks += *nulls;
    } else {
      read.count_nulls.push_back(std::move(source));
    }
  }
  task.read = std::move(read);
  return task;
}

bool EndsBy(const delta::Field& watermark, const delta::StatisticValue& max, const TimeZone& zone,
            Timestamp start) {
  const auto bound = InstantBound(max, watermark.type.id, zone, +1);
  return bound && *bound <= start.micros;
}

Result<ExportTask> MakeLateTask(const config::Table& table, const PlannedExport& planned,
                                const delta::Snapshot& snapshot,
                                const std::vector<delta::Commit>& commits) {
  SLUICE_ASSIGN_OR_RETURN(ExportTask task, BeginAppendTask(table, snapshot));
  LateRead read;
  SLUICE_ASSIGN_OR_RETURN(read.window, WindowOf(planned));
  SLUICE_ASSIGN_OR_RETURN(read.watermark, FindWatermark(table, snapshot.metadata.schema));
  read.row_identity = delta::WithoutVoid(snapshot.metadata.schema).fields;
  // Of a type that cannot be read: the other columns distinguish rows.
  std::erase_if(read.row_identity,
                [](const delta::Field& field) { return delta::HasUnknownType(field.type); });
  read.commits = FindLateCommits(commits, read.watermark, table.timezone, read.window);
  task.read = std::move(read);
  return task;
}

std::vector<LateCommit> FindLateCommits(const std::vector<delta::Commit>& commits,
                                        const delta::Field& watermark, const TimeZone& zone,
                                        const TimeWindow& window) {
  std::vector<LateCommit> late;
  for (const auto& commit : commits) {
    if (OnlyRewrites(commit)) continue;
    LateCommit found;
    found.version = commit.version;
    for (const auto& add : commit.adds) {
      if (!add.data_change) continue;
      const delta::LiveFile live = delta::ToLiveFile(add, {watermark}, zone);
      SourceFile file = WithBounds(live, watermark, zone);
      if (!OnlyNulls(live) && MayIntersect(file, window)) found.added.push_back(std::move(file));
    }
    if (found.added.empty()) continue;
    for (const auto& cdc : commit.cdc) {
      SourceFile file;
      file.path = cdc.path;
      file.partition_values = cdc.partition_values;
      file.size = cdc.size;
      found.change_files.push_back(std::move(file));
    }
    if (!found.change_files.empty()) {
      found.added.clear();
    } else {
      found.removed = RemovedFiles(commit);
      found.cancel = MayUpdate(commit) ? CancelRule::kByRowThenWatermark : CancelRule::kByRow;
    }
    late.push_back(std::move(found));
  }
  return late;
}

}  // namespace sluice::plan
