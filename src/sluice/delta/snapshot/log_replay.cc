#include "sluice/delta/snapshot/log_replay.h"

#include <arrow/scalar.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/table_feature.h"
#include "sluice/delta/schema/partition_value.h"
#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

StatisticValue FromScalar(const arrow::Scalar& scalar) {
  switch (scalar.type->id()) {
    case arrow::Type::INT8:
      return int64_t{static_cast<const arrow::Int8Scalar&>(scalar).value};
    case arrow::Type::INT16:
      return int64_t{static_cast<const arrow::Int16Scalar&>(scalar).value};
    case arrow::Type::INT32:
      return int64_t{static_cast<const arrow::Int32Scalar&>(scalar).value};
    case arrow::Type::INT64:
      return int64_t{static_cast<const arrow::Int64Scalar&>(scalar).value};
    case arrow::Type::DATE32:
      return int64_t{static_cast<const arrow::Date32Scalar&>(scalar).value};
    case arrow::Type::TIMESTAMP:
      return int64_t{static_cast<const arrow::TimestampScalar&>(scalar).value};
    case arrow::Type::FLOAT:
      return double{static_cast<const arrow::FloatScalar&>(scalar).value};
    case arrow::Type::DOUBLE:
      return double{static_cast<const arrow::DoubleScalar&>(scalar).value};
    case arrow::Type::STRING:
      return std::string(static_cast<const arrow::StringScalar&>(scalar).view());
    default:
      return {};
  }
}

// A partition column has one value per file, which says more than any statistic.
void FillFromPartitionValues(LiveFile& file, const std::vector<Field>& columns,
                             const TimeZone& zone) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const auto value = FindPartitionValue(file.partition_values, columns[i]);
    if (!value || *value == nullptr) continue;
    const auto scalar = ParsePartitionValue(**value, columns[i].type, zone);
    if (!scalar) continue;  // reading the file says what is wrong with it
    ColumnStatistics& stats = file.stats.columns[i];
    if ((*scalar)->is_valid) {
      stats.min = stats.max = FromScalar(**scalar);
      stats.null_count = 0;
    } else {
      stats = ColumnStatistics{{}, {}, file.stats.num_records};
    }
  }
}

}  // namespace

LiveFile WithoutStatistics(AddFile&& add, bool keep) {
  LiveFile file;
  if (keep) file.action = std::make_shared<const AddFile>(add);
  file.path = std::move(add.path);
  file.partition_values = std::move(add.partition_values);
  file.size = add.size;
  file.modification_time = add.modification_time;
  file.deletion_vector = std::move(add.deletion_vector);
  return file;
}

RawStatistics ReadStatistics(std::string_view stats, const std::vector<std::string>& names) {
  return ExtractStatistics(stats.size() > kMostStatisticsBytes ? std::string_view() : stats, names);
}

void SetStatistics(LiveFile& file, FileStatistics stats, const std::vector<Field>& columns,
                   const TimeZone& zone) {
  file.stats = std::move(stats);
  if (!columns.empty() && !file.partition_values.empty()) {
    FillFromPartitionValues(file, columns, zone);
  }
}

LiveFile ToLiveFile(const AddFile& add, const std::vector<Field>& columns, const TimeZone& zone) {
  LiveFile file = WithoutStatistics(AddFile(add), /*keep=*/false);
  SetStatistics(file, ParseStatistics(add.stats, columns), columns, zone);
  return file;
}

void LogReplay::Take(Commit commit, std::vector<RawStatistics> stats) {
  if (commit.protocol && !protocol_) protocol_ = std::move(commit.protocol);
  if (commit.metadata && !metadata_) metadata_ = std::move(commit.metadata);
  // Of several in one commit, the last line counts.
  for (auto txn = commit.transactions.rbegin(); txn != commit.transactions.rend(); ++txn) {
    TakeOldTransaction(std::move(*txn));
  }
  for (auto domain = commit.domains.rbegin(); domain != commit.domains.rend(); ++domain) {
    TakeOldDomain(std::move(*domain));
  }
  if (!options_->with_files) return;
  // Adds first: a commit that removes and adds one logical file leaves it in the table.
  for (size_t i = commit.adds.size(); i-- > 0;) {
    AddFile& add = commit.adds[i];
    if (!seen_.insert(LogicalFileKey(add.path, add.deletion_vector, root_)).second) continue;
    new_files_.push_back(PendingFile{WithoutStatistics(std::move(add), options_->with_actions),
                                     i < stats.size() ? std::move(stats[i]) : RawStatistics()});
  }
  for (RemoveFile& remove : commit.removes) {
    if (!seen_.insert(LogicalFileKey(remove.path, remove.deletion_vector, root_)).second) continue;
    if (options_->with_tombstones) tombstones_.push_back(std::move(remove));
  }
}

void LogReplay::TakeOldProtocol(Protocol protocol) {
  if (!protocol_) protocol_ = std::move(protocol);
}

void LogReplay::TakeOldMetadata(Metadata metadata) {
  if (!metadata_) metadata_ = std::move(metadata);
}

void LogReplay::TakeOldTransaction(SetTransaction transaction) {
  std::string id = transaction.app_id;
  transactions_.emplace(std::move(id), std::move(transaction));
}

void LogReplay::TakeOldDomain(DomainMetadata domain) {
  std::string name = domain.domain;
  domains_.emplace(std::move(name), std::move(domain));
}

void LogReplay::TakeOldFiles(OldFiles files) {
  std::move(files.tombstones.begin(), files.tombstones.end(), std::back_inserter(tombstones_));
  files.tombstones = {};
  left_out_ += files.left_out;
  left_out_bytes_ += files.left_out_bytes;
  if (!files.files.empty()) old_files_.push_back(std::move(files));
}

// By their hashes, which take little memory; the keys are made again only where two are alike.
Status LogReplay::RequireDistinctFiles() {
  std::vector<size_t> hashes;
  for (OldFiles& part : old_files_) {
    hashes.insert(hashes.end(), part.hashes.begin(), part.hashes.end());
    part.hashes = {};
  }
  std::sort(hashes.begin(), hashes.end());
  if (std::adjacent_find(hashes.begin(), hashes.end()) == hashes.end()) return {};
  std::unordered_set<std::string> keys;
  for (const OldFiles& part : old_files_) {
    for (const LiveFile& file : part.files) {
      if (keys.insert(KeyOf(file.path, file.deletion_vector)).second) continue;
      return Fail(ErrorKind::kCorrupt, "{}: the checkpoint holds the file '{}' twice", root_,
                  file.path);
    }
  }
  return {};
}

// Part by part, so that they are not in memory twice.
std::vector<LiveFile> LogReplay::JoinFiles() {
  size_t count = new_files_.size();
  for (const OldFiles& part : old_files_) count += part.files.size();
  std::vector<LiveFile> files;
  files.reserve(count);
  for (OldFiles& part : old_files_) {
    std::move(part.files.begin(), part.files.end(), std::back_inserter(files));
    part.files = {};
  }
  for (size_t i = new_files_.size(); i-- > 0;) {
    PendingFile& pending = new_files_[i];
    SetStatistics(pending.file, TypeStatistics(pending.stats, stats_fields_), stats_fields_,
                  options_->zone);
    files.push_back(std::move(pending.file));
  }
  return files;
}

bool LogReplay::IsPartitionedByFirst() const {
  if (stats_fields_.empty()) return false;
  const auto& columns = metadata_->partition_columns;
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& column) {
    return SameColumnName(column, stats_fields_.front().name);
  });
}

Status LogReplay::ResolveTable(std::string_view table) {
  if (!protocol_ || !metadata_) {
    return Fail(Error{
        ErrorKind::kCorrupt,
        fmt::format("{}: the log has no {} action", table, protocol_ ? "metaData" : "protocol"),
        "the program that wrote the table broke the protocol: write the table again, "
        "or export a copy that Spark made; nothing of it was exported"});
  }
  SLUICE_RETURN_IF_ERROR(CheckReadable(*protocol_, *metadata_, table, authority_));
  if (auto resolved = ResolveSchema(*metadata_); !resolved) {
    return Fail(std::move(resolved).error().Within(table));
  }
  stats_fields_.clear();
  for (const std::string& name : options_->stats_columns) {
    const Field* field = metadata_->schema.Find(name);
    stats_fields_.push_back(
        field != nullptr ? *field : Field{name, DataType{TypeId::kVoid, 0, 0, {}}, true, "{}"});
  }
  return {};
}

std::vector<std::string> LogReplay::StatsNames() const {
  std::vector<std::string> names;
  for (const Field& field : stats_fields_) names.emplace_back(PhysicalName(field));
  return names;
}

Result<Snapshot> LogReplay::Finish() && {
  SLUICE_RETURN_IF_ERROR(RequireDistinctFiles());
  Snapshot snapshot;
  snapshot.protocol = *std::move(protocol_);
  snapshot.metadata = *std::move(metadata_);
  snapshot.transactions = std::move(transactions_);
  std::erase_if(domains_, [](const auto& entry) { return entry.second.removed; });
  snapshot.domains = std::move(domains_);
  snapshot.tombstones = std::move(tombstones_);
  snapshot.files = JoinFiles();
  snapshot.left_out = left_out_;
  snapshot.num_files = static_cast<int64_t>(snapshot.files.size()) + left_out_;
  snapshot.total_bytes = left_out_bytes_;
  for (const LiveFile& file : snapshot.files) snapshot.total_bytes += file.size;
  return snapshot;
}

}  // namespace sluice::delta
