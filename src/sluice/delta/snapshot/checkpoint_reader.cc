#include "sluice/delta/snapshot/checkpoint_reader.h"

#include <arrow/array.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <unordered_set>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/columnar/column_plan.h"
#include "sluice/columnar/row_group_reader.h"
#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/checkpoint_row.h"
#include "sluice/runtime/executor.h"

namespace sluice::delta {
namespace {

// Small enough that a batch of adds with long statistics stays in the megabytes.
constexpr int64_t kBatchRows = 4096;
constexpr const char* kAdd = "add";
constexpr const char* kParsedStats = "stats_parsed";
// Their batches are in memory at one time.
constexpr int kPartsAtOnce = 4;

using Visit = std::function<Status(const arrow::StructArray& rows)>;

// A checkpoint whose column has an impossible type is a damaged one: others may be fine.
Error AsCorrupt(Error error) {
  error.kind = ErrorKind::kCorrupt;
  error.remedy.clear();  // it speaks of a table's columns
  return error;
}

// Every row of a checkpoint names something of its own, so that it takes a byte at least: more rows are made to
// exhaust memory.
Result<columnar::ParquetFile> OpenPart(const store::ObjectStore& store, const store::Key& key) {
  SLUICE_ASSIGN_OR_RETURN(columnar::ParquetFile file, columnar::OpenParquet(store, key));
  const auto bytes = file.bytes->GetSize();
  if (bytes.ok() && file.metadata->num_rows() > *bytes) {
    return Fail(ErrorKind::kCorrupt, "{}: {} rows in {} bytes; no checkpoint is like that",
                file.name, file.metadata->num_rows(), *bytes);
  }
  return file;
}

// How the column `action` is read as `type`; nullopt where the checkpoint has no such column.
Result<std::optional<columnar::ColumnPlan>> PlanColumn(
    const columnar::ParquetFile& file, const std::string& action,
    const std::shared_ptr<arrow::DataType>& type) {
  const columnar::ColumnPlanOptions options{SameColumnName, {}};
  for (const columnar::SchemaNode& node : file.schema->children) {
    if (node.name != action) continue;
    auto plan = columnar::ColumnPlan::Make(node, columnar::WantedColumn::Named(action, type),
                                           action, options);
    if (!plan) return Fail(std::move(plan).error().Within(file.name));
    return *std::move(plan);
  }
  return std::nullopt;
}

// Streams what `plan` selects of a row group.
Status VisitColumn(const columnar::ParquetFile& file, int row_group,
                   const columnar::ColumnPlan& plan, const Visit& visit) {
  const auto build = [&](const arrow::RecordBatch& batch) -> Status {
    const auto rows = plan.Build(batch.column(0));
    if (!rows) return Fail(AsCorrupt(rows.error()).Within(file.name));
    return visit(static_cast<const arrow::StructArray&>(**rows));
  };
  return columnar::ReadRowGroup(file, row_group, plan.leaves(), kBatchRows, build);
}

// Calls `take(actions, row)` for every row of `action` that is not null.
template <typename Take>
Status VisitActions(const columnar::ParquetFile& file, int row_group, const std::string& action,
                    const std::shared_ptr<arrow::DataType>& type, Take take) {
  const auto plan = PlanColumn(file, action, type);
  if (!plan) return Fail(AsCorrupt(plan.error()));
  if (!*plan) return {};
  return VisitColumn(file, row_group, **plan, [&](const arrow::StructArray& rows) -> Status {
    for (int64_t row = 0; row < rows.length(); ++row) {
      if (HasAction(rows, row)) take(rows, row);
    }
    return {};
  });
}

// The same in every row group.
template <typename Take>
Status VisitActions(const columnar::ParquetFile& file, const std::string& action,
                    const std::shared_ptr<arrow::DataType>& type, Take take) {
  for (int group = 0; group < file.metadata->num_row_groups(); ++group) {
    SLUICE_RETURN_IF_ERROR(VisitActions(file, group, action, type, take));
  }
  return {};
}

// Reads the add column: its JSON statistics, and the parsed ones where a row has no JSON. Thread-safe while
// nobody adds to the replay.
class AddReader {
 public:
  AddReader(const SnapshotOptions& options, const LogReplay& replay)
      : names_(replay.StatsNames()),
        keep_(options.with_actions),
        zone_(options.zone),
        fields_(replay.stats_fields()),
        leave_out_(options.leave_out),
        partitioned_(replay.IsPartitionedByFirst()),
        type_with_stats_(WithStatistics(fields_, keep_)),
        replay_(replay) {}

  Status Read(const columnar::ParquetFile& file, int row_group, OldFiles& out) const {
    // Statistics are a hint, so that odd types are not errors.
    auto plan = PlanColumn(file, kAdd, type_with_stats_);
    if (!plan) plan = PlanColumn(file, kAdd, CheckpointAddType(keep_));
    if (!plan) return Fail(AsCorrupt(plan.error()));
    if (!*plan) return {};
    return VisitColumn(file, row_group, **plan, [&](const arrow::StructArray& rows) -> Status {
      const auto parsed =
          std::static_pointer_cast<arrow::StructArray>(rows.GetFieldByName(kParsedStats));
      const CheckpointAdds adds(rows);
      for (int64_t row = 0; row < rows.length(); ++row) {
        if (adds.LacksPath(row)) {
          return Fail(ErrorKind::kCorrupt, "{}: an add action without a path", file.name);
        }
        if (adds.HasAction(row)) TakeRow(adds, parsed.get(), row, out);
      }
      return {};
    });
  }

  /// An add of a checkpoint in JSON.
  void Take(AddFile add, OldFiles& out) const {
    const std::string key = replay_.KeyOf(add.path, add.deletion_vector);
    if (!replay_.WantsOld(key)) return;
    FileStatistics stats = TypeStatistics(ReadStatistics(add.stats, names_), fields_);
    Keep(std::move(add), std::move(stats), key, out);
  }

 private:
  /// Row `row` of `parsed`, if any, has the statistics where the row has no JSON.
  void TakeRow(const CheckpointAdds& adds, const arrow::StructArray* parsed, int64_t row,
               OldFiles& out) const {
    const std::string_view json = adds.stats(row);
    FileStatistics stats = json.empty() && parsed != nullptr
                               ? ParsedStatistics(*parsed, row, fields_)
                               : TypeStatistics(ReadStatistics(json, names_), fields_);
    const bool leave_out = !partitioned_ && IsLeftOut(stats);
    if (leave_out && replay_.WantsAllOld()) {
      out.LeaveOut(adds.size(row));
      return;
    }
    const auto vector = adds.deletion_vector(row);
    const std::string key = replay_.KeyOf(adds.path(row), vector);
    if (!replay_.WantsOld(key)) return;
    if (leave_out) {
      out.LeaveOut(adds.size(row));
      return;
    }
    Keep(adds.At(row, keep_), std::move(stats), key, out);
  }

  void Keep(AddFile add, FileStatistics stats, const std::string& key, OldFiles& out) const {
    LiveFile file = WithoutStatistics(std::move(add), keep_);
    SetStatistics(file, std::move(stats), fields_, zone_);
    if (IsLeftOut(file.stats)) {
      out.LeaveOut(file.size);
    } else {
      out.Add(std::move(file), key);
    }
  }

  bool IsLeftOut(const FileStatistics& stats) const {
    if (!leave_out_ || stats.columns.empty()) return false;
    const ColumnStatistics& column = stats.columns.front();
    return column.null_count == 0 && leave_out_(fields_.front(), column.max);
  }

  static std::shared_ptr<arrow::DataType> WithStatistics(const std::vector<Field>& fields,
                                                         bool whole) {
    arrow::FieldVector all = CheckpointAddType(whole)->fields();
    all.push_back(arrow::field(kParsedStats, ParsedStatisticsType(fields)));
    return arrow::struct_(std::move(all));
  }

  const std::vector<std::string> names_;
  const bool keep_;
  const TimeZone zone_;
  const std::vector<Field>& fields_;
  const std::function<bool(const Field&, const StatisticValue&)>& leave_out_;
  const bool partitioned_;  ///< by the first of `fields_`: its value says more than statistics
  const std::shared_ptr<arrow::DataType> type_with_stats_;
  const LogReplay& replay_;
};

void TakeTombstone(RemoveFile remove, const LogReplay& replay, OldFiles& out) {
  if (!replay.WantsOld(replay.KeyOf(remove.path, remove.deletion_vector))) return;
  out.tombstones.push_back(std::move(remove));
}

Status ReadGroup(const columnar::ParquetFile& part, int row_group, const AddReader& adds,
                 bool with_tombstones, const LogReplay& replay, OldFiles& out) {
  SLUICE_RETURN_IF_ERROR(adds.Read(part, row_group, out));
  if (!with_tombstones) return {};
  return VisitActions(part, row_group, "remove", CheckpointRemoveType(),
                      [&](const auto& rows, int64_t row) {
                        TakeTombstone(CheckpointRemove(rows, row), replay, out);
                      });
}

// Where a sidecar lies; it must lie in the log's own folder for them, however its path is spelled.
Result<store::Key> KeyOfSidecar(const std::string& path, std::string_view root,
                                std::string_view name) {
  const FileAddress address = AddressOf(path, root);
  store::Key key = address.key_or_uri;
  const bool is_name = key.find('/') == std::string::npos && path.find("..") == std::string::npos;
  if (address.relative && is_name) key = SidecarKey(key);
  const store::Key folder = SidecarKey("");
  const bool inside = address.relative && key.starts_with(folder) && key.size() > folder.size() &&
                      key.find('/', folder.size()) == std::string::npos && store::ValidateKey(key);
  if (inside) return key;
  return Fail(ErrorKind::kCorrupt, "{}: its sidecar '{}' does not lie in {}", name, path, folder);
}

}  // namespace

Result<CheckpointReader> CheckpointReader::Open(const store::ObjectStore& table_store,
                                                const CheckpointFile& checkpoint) {
  CheckpointReader reader(table_store);
  reader.name_ = table_store.DisplayName(checkpoint.parts[0]);
  if (checkpoint.parts.size() > kMostCheckpointFiles) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{}: a checkpoint of {} parts; sluice reads up to {}",
                                  reader.name_, checkpoint.parts.size(), kMostCheckpointFiles),
                      "write a checkpoint of fewer parts, or export a copy of the table"});
  }
  SLUICE_RETURN_IF_ERROR(checkpoint.parts[0].ends_with(".json") ? reader.OpenJson(checkpoint)
                                                                : reader.OpenParts(checkpoint));
  return reader;
}

Status CheckpointReader::OpenJson(const CheckpointFile& checkpoint) {
  SLUICE_RETURN_IF_ERROR(RequireFits(checkpoint.size, kMostCommitBytes, name_));
  SLUICE_ASSIGN_OR_RETURN(const std::string text, store_->Get(checkpoint.parts[0]));
  SLUICE_ASSIGN_OR_RETURN(CheckpointActions found, ParseCheckpoint(text, name_));
  json_ = std::move(found.actions);
  return TakeSidecars(checkpoint, found.version, std::move(found.sidecars));
}

Status CheckpointReader::OpenParts(const CheckpointFile& checkpoint) {
  std::optional<Version> version;
  std::vector<std::string> paths;
  for (const store::Key& key : checkpoint.parts) {
    SLUICE_ASSIGN_OR_RETURN(columnar::ParquetFile part, OpenPart(*store_, key));
    SLUICE_RETURN_IF_ERROR(VisitActions(
        part, "checkpointMetadata", CheckpointVersionType(),
        [&](const auto& actions, int64_t row) { version = CheckpointVersion(actions, row); }));
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "sidecar", CheckpointSidecarType(),
                                        [&](const auto& actions, int64_t row) {
                                          if (paths.size() > kMostCheckpointFiles) return;
                                          paths.push_back(CheckpointSidecar(actions, row));
                                        }));
    parts_.push_back(std::move(part));
  }
  return TakeSidecars(checkpoint, version, std::move(paths));
}

Status CheckpointReader::TakeSidecars(const CheckpointFile& checkpoint,
                                      std::optional<Version> version,
                                      std::vector<std::string> paths) {
  // Under the classic name both kinds of content are right.
  if (!version && checkpoint.named) {
    return Fail(ErrorKind::kCorrupt, "{}: a v2 checkpoint without checkpointMetadata", name_);
  }
  if (version && *version != checkpoint.version) {
    return Fail(ErrorKind::kCorrupt, "{}: its checkpointMetadata says that it is of version {}",
                name_, version->value);
  }
  if (paths.size() > kMostCheckpointFiles) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{}: it has more than {} sidecars, the most that sluice reads",
                                  name_, kMostCheckpointFiles),
                      "make a new checkpoint of the table, with fewer sidecars"});
  }
  if (checkpoint.parts.size() > 1 && !paths.empty()) {
    return Fail(ErrorKind::kCorrupt, "{}: a part of a checkpoint has sidecars", name_);
  }
  std::unordered_set<store::Key> keys;
  for (const std::string& path : paths) {
    SLUICE_ASSIGN_OR_RETURN(store::Key key, KeyOfSidecar(path, store_->DisplayName(""), name_));
    if (!keys.insert(key).second) {
      return Fail(ErrorKind::kCorrupt, "{}: it names the sidecar '{}' twice", name_, path);
    }
    sidecars_.push_back(std::move(key));
  }
  return {};
}

Result<columnar::ParquetFile> CheckpointReader::OpenSidecar(const store::Key& key) const {
  auto file = OpenPart(*store_, key);
  if (file || file.error().kind != ErrorKind::kNotFound) return file;
  return Fail(
      Error{ErrorKind::kCorrupt,
            fmt::format("{}: its sidecar {} does not exist", name_, store_->DisplayName(key)),
            "restore the sidecar from a backup, or make a new checkpoint of the table"});
}

Result<CheckpointState> CheckpointReader::ReadTableState() const {
  CheckpointState state;
  int64_t protocols = 0, metadata = 0;
  if (json_) {
    protocols = json_->protocol ? 1 : 0;
    metadata = json_->metadata ? 1 : 0;
    state = {json_->protocol.value_or(Protocol()), json_->metadata.value_or(Metadata()),
             json_->transactions, json_->domains};
  }
  for (const columnar::ParquetFile& part : parts_) {
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "protocol", CheckpointProtocolType(),
                                        [&](const auto& actions, int64_t row) {
                                          ++protocols;
                                          state.protocol = CheckpointProtocol(actions, row);
                                        }));
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "metaData", CheckpointMetadataType(),
                                        [&](const auto& actions, int64_t row) {
                                          ++metadata;
                                          state.metadata = CheckpointMetadata(actions, row);
                                        }));
    SLUICE_RETURN_IF_ERROR(VisitActions(
        part, "txn", CheckpointTransactionType(), [&](const auto& actions, int64_t row) {
          state.transactions.push_back(CheckpointTransaction(actions, row));
        }));
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "domainMetadata", CheckpointDomainType(),
                                        [&](const auto& actions, int64_t row) {
                                          state.domains.push_back(CheckpointDomain(actions, row));
                                        }));
  }
  if (protocols == 1 && metadata == 1) return state;
  const bool lacks = protocols == 0 || metadata == 0;
  const bool of_protocols = lacks ? protocols == 0 : protocols > 1;
  return Fail(ErrorKind::kCorrupt, "{}: a checkpoint {} {}", name_,
              lacks ? "without" : "with more than one", of_protocols ? "protocol" : "metaData");
}

Status CheckpointReader::ReadFiles(const SnapshotOptions& options, LogReplay& replay) const {
  const AddReader adds(options, replay);
  if (json_) {
    OldFiles found;
    for (const AddFile& add : json_->adds) adds.Take(add, found);
    if (options.with_tombstones) {
      for (const RemoveFile& remove : json_->removes) TakeTombstone(remove, replay, found);
    }
    replay.TakeOldFiles(std::move(found));
  }
  // A few row groups at a time, of one file or of several.
  const size_t count = parts_.size() + sidecars_.size();
  for (size_t first = 0; first < count; first += kPartsAtOnce) {
    std::vector<columnar::ParquetFile> files(std::min<size_t>(kPartsAtOnce, count - first));
    SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
        files.size(), kPartsAtOnce, runtime::CancelToken(), [&](size_t i) -> Status {
          const size_t part = first + i;
          if (part < parts_.size()) {
            files[i] = parts_[part];
            return {};
          }
          SLUICE_ASSIGN_OR_RETURN(files[i], OpenSidecar(sidecars_[part - parts_.size()]));
          return {};
        }));
    std::vector<std::pair<const columnar::ParquetFile*, int>> groups;
    for (const columnar::ParquetFile& file : files) {
      for (int group = 0; group < file.metadata->num_row_groups(); ++group) {
        groups.emplace_back(&file, group);
      }
    }
    std::vector<OldFiles> found(groups.size());
    SLUICE_RETURN_IF_ERROR(
        runtime::ParallelFor(groups.size(), kPartsAtOnce, runtime::CancelToken(), [&](size_t i) {
          return ReadGroup(*groups[i].first, groups[i].second, adds, options.with_tombstones,
                           replay, found[i]);
        }));
    for (OldFiles& files_found : found) replay.TakeOldFiles(std::exchange(files_found, {}));
  }
  return {};
}

}  // namespace sluice::delta
