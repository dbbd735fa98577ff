#include "sluice/delta/snapshot/checkpoint_reader.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <functional>
#include <optional>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/columnar/column_plan.h"
#include "sluice/columnar/row_group_reader.h"
#include "sluice/delta/snapshot/checkpoint_row.h"

namespace sluice::delta {
namespace {

// Small enough that a batch of adds with long statistics stays in the megabytes.
constexpr int64_t kBatchRows = 4096;
constexpr const char* kAdd = "add";
constexpr const char* kParsedStats = "stats_parsed";

using Visit = std::function<Status(const arrow::StructArray& rows)>;

// A checkpoint whose column has an impossible type is a damaged one: others may be fine.
Error AsCorrupt(Error error) {
  error.kind = ErrorKind::kCorrupt;
  error.remedy.clear();  // it speaks of a table's columns
  return error;
}

// How the column `action` is read as `type`; nullopt where the checkpoint has no such column.
Result<std::optional<columnar::ColumnPlan>> PlanColumn(
    const columnar::ParquetFile& file, const std::string& action,
    const std::shared_ptr<arrow::DataType>& type) {
  const columnar::ColumnPlanOptions options{SameColumnName, {}};
  for (const columnar::SchemaNode& node : file.schema->children) {
    if (node.name != action) continue;
    auto plan = columnar::ColumnPlan::Make(node, type, action, options);
    if (!plan) return Fail(std::move(plan).error().Within(file.name));
    return *std::move(plan);
  }
  return std::nullopt;
}

// Streams what `plan` selects.
Status VisitColumn(const columnar::ParquetFile& file, const columnar::ColumnPlan& plan,
                   const Visit& visit) {
  const auto build = [&](const arrow::RecordBatch& batch) -> Status {
    const auto rows = plan.Build(batch.column(0));
    if (!rows) return Fail(AsCorrupt(rows.error()).Within(file.name));
    return visit(static_cast<const arrow::StructArray&>(**rows));
  };
  for (int group = 0; group < file.metadata->num_row_groups(); ++group) {
    SLUICE_RETURN_IF_ERROR(columnar::ReadRowGroup(file, group, plan.leaves(), kBatchRows, build));
  }
  return {};
}

// Calls `take(actions, row)` for every row of `action` that is not null.
template <typename Take>
Status VisitActions(const columnar::ParquetFile& file, const std::string& action,
                    const std::shared_ptr<arrow::DataType>& type, Take take) {
  const auto plan = PlanColumn(file, action, type);
  if (!plan) return Fail(AsCorrupt(plan.error()));
  if (!*plan) return {};
  return VisitColumn(file, **plan, [&](const arrow::StructArray& rows) -> Status {
    for (int64_t row = 0; row < rows.length(); ++row) {
      if (HasAction(rows, row)) take(rows, row);
    }
    return {};
  });
}

// Reads the add column: its JSON statistics, and the parsed ones where a row has no JSON.
class AddReader {
 public:
  AddReader(const SnapshotOptions& options, LogReplay& replay)
      : names_(options.stats_columns),
        keep_raw_(options.with_raw_stats),
        zone_(options.zone),
        fields_(replay.stats_fields()),
        type_with_stats_(WithStatistics(fields_)),
        replay_(replay) {}

  Status Read(const columnar::ParquetFile& file) {
    // Statistics are a hint, so that odd types are not errors.
    auto plan = PlanColumn(file, kAdd, type_with_stats_);
    if (!plan) plan = PlanColumn(file, kAdd, CheckpointAddType());
    if (!plan) return Fail(AsCorrupt(plan.error()));
    if (!*plan) return {};
    return VisitColumn(file, **plan, [&](const arrow::StructArray& adds) -> Status {
      const auto parsed =
          std::static_pointer_cast<arrow::StructArray>(adds.GetFieldByName(kParsedStats));
      for (int64_t row = 0; row < adds.length(); ++row) {
        if (HasAction(adds, row)) TakeRow(adds, parsed.get(), row);
      }
      return {};
    });
  }

 private:
  static std::shared_ptr<arrow::DataType> WithStatistics(const std::vector<Field>& fields) {
    arrow::FieldVector all = CheckpointAddType()->fields();
    all.push_back(arrow::field(kParsedStats, ParsedStatisticsType(fields)));
    return arrow::struct_(std::move(all));
  }

  void TakeRow(const arrow::StructArray& adds, const arrow::StructArray* parsed, int64_t row) {
    AddFile add = CheckpointAdd(adds, row);
    if (!replay_.WantsOld(add.path, add.deletion_vector)) return;
    FileStatistics stats = add.stats.empty() && parsed != nullptr
                               ? ParsedStatistics(*parsed, row, fields_)
                               : TypeStatistics(ExtractStatistics(add.stats, names_), fields_);
    if (!keep_raw_) add.stats.clear();
    LiveFile file = WithRawStatistics(std::move(add));
    SetStatistics(file, std::move(stats), fields_, zone_);
    replay_.TakeOldFile(std::move(file));
  }

  const std::vector<std::string>& names_;
  const bool keep_raw_;
  const TimeZone zone_;
  const std::vector<Field>& fields_;
  const std::shared_ptr<arrow::DataType> type_with_stats_;
  LogReplay& replay_;
};

}  // namespace

Result<CheckpointReader> CheckpointReader::Open(const store::ObjectStore& table_store,
                                                const CheckpointFile& checkpoint) {
  CheckpointReader reader;
  for (const store::Key& key : checkpoint.parts) {
    SLUICE_ASSIGN_OR_RETURN(columnar::ParquetFile part, columnar::OpenParquet(table_store, key));
    reader.parts_.push_back(std::move(part));
  }
  return reader;
}

Status CheckpointReader::ReadTableState(LogReplay& replay) const {
  bool has_protocol = false, has_metadata = false;
  for (const columnar::ParquetFile& part : parts_) {
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "protocol", CheckpointProtocolType(),
                                        [&](const auto& actions, int64_t row) {
                                          has_protocol = true;
                                          replay.TakeOldProtocol(CheckpointProtocol(actions, row));
                                        }));
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "metaData", CheckpointMetadataType(),
                                        [&](const auto& actions, int64_t row) {
                                          has_metadata = true;
                                          replay.TakeOldMetadata(CheckpointMetadata(actions, row));
                                        }));
    SLUICE_RETURN_IF_ERROR(VisitActions(
        part, "txn", CheckpointTransactionType(), [&](const auto& actions, int64_t row) {
          replay.TakeOldTransaction(CheckpointTransaction(actions, row));
        }));
    SLUICE_RETURN_IF_ERROR(VisitActions(part, "domainMetadata", CheckpointDomainType(),
                                        [&](const auto& actions, int64_t row) {
                                          replay.TakeOldDomain(CheckpointDomain(actions, row));
                                        }));
  }
  if (!has_protocol || !has_metadata) {
    return Fail(ErrorKind::kCorrupt, "{}: a checkpoint without {}",
                parts_.empty() ? "_delta_log" : parts_[0].name,
                has_protocol ? "metaData" : "protocol");
  }
  return {};
}

Status CheckpointReader::ReadFiles(const SnapshotOptions& options, LogReplay& replay) const {
  AddReader adds(options, replay);
  for (const columnar::ParquetFile& part : parts_) {
    SLUICE_RETURN_IF_ERROR(adds.Read(part));
    if (!options.with_tombstones) continue;
    SLUICE_RETURN_IF_ERROR(
        VisitActions(part, "remove", CheckpointRemoveType(), [&](const auto& actions, int64_t row) {
          replay.TakeOldTombstone(CheckpointRemove(actions, row));
        }));
  }
  return {};
}

}  // namespace sluice::delta
