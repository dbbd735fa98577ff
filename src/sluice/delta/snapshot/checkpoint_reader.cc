#include "sluice/delta/snapshot/checkpoint_reader.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <functional>
#include <numeric>
#include <utility>

#include "sluice/columnar/conform.h"
#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/schema/column_name.h"
#include "sluice/delta/snapshot/checkpoint_row.h"

namespace sluice::delta {
namespace {

// Small enough that a batch of adds with long statistics stays in the megabytes.
constexpr int64_t kBatchRows = 4096;
constexpr std::string_view kParsedStats = "stats_parsed";

using LeafFilter = std::function<bool(const std::vector<std::string>& path)>;
using Visit = std::function<Status(const arrow::StructArray& column)>;

std::vector<int> SelectLeaves(const columnar::ParquetFile& file, const LeafFilter& wanted) {
  std::vector<int> leaves;
  const parquet::SchemaDescriptor* schema = file.metadata->schema();
  for (int i = 0; i < schema->num_columns(); ++i) {
    if (wanted(schema->Column(i)->path()->ToDotVector())) leaves.push_back(i);
  }
  return leaves;
}

// Streams what `wanted` selects of the column `action`; files without it are passed over.
Status VisitColumn(const columnar::ParquetFile& file, std::string_view action,
                   const LeafFilter& wanted, const Visit& visit) {
  const std::vector<int> leaves =
      SelectLeaves(file, [&](const auto& path) { return path[0] == action && wanted(path); });
  if (leaves.empty()) return {};
  std::vector<int> row_groups(static_cast<size_t>(file.metadata->num_row_groups()));
  std::iota(row_groups.begin(), row_groups.end(), 0);
  SLUICE_ASSIGN_OR_RETURN(const columnar::ParquetStream stream,
                          columnar::StreamParquet(file, row_groups, leaves, kBatchRows));
  return columnar::GuardParquet(file.name, [&]() -> Status {
    while (true) {
      std::shared_ptr<arrow::RecordBatch> batch;
      SLUICE_ARROW_RETURN(stream.batches->ReadNext(&batch), file.name);
      if (batch == nullptr) return {};
      const auto column = batch->GetColumnByName(std::string(action));
      if (column == nullptr || column->type_id() != arrow::Type::STRUCT) {
        return Fail(ErrorKind::kCorrupt, "{}: column '{}' is no struct", file.name, action);
      }
      SLUICE_RETURN_IF_ERROR(visit(static_cast<const arrow::StructArray&>(*column)));
    }
  });
}

Result<std::shared_ptr<arrow::StructArray>> ConformStruct(
    const std::shared_ptr<arrow::Array>& array, const std::shared_ptr<arrow::DataType>& type,
    std::string_view column) {
  SLUICE_ASSIGN_OR_RETURN(auto conformed, columnar::Conform(array, type, column));
  return std::static_pointer_cast<arrow::StructArray>(std::move(conformed));
}

// A checkpoint whose column has an impossible type is a damaged one: others may be fine.
Error AsCorrupt(Error error, const std::string& file) {
  error.kind = ErrorKind::kCorrupt;
  return std::move(error).Within(file);
}

// Calls `take(actions, row)` for every row of `action` that is not null.
template <typename Take>
Status VisitActions(const columnar::ParquetFile& file, std::string_view action,
                    const std::shared_ptr<arrow::DataType>& type, Take take) {
  const auto wanted = [&](const std::vector<std::string>& path) {
    if (path.size() < 2) return true;
    for (const auto& field : type->fields()) {
      if (field->name() == path[1]) return true;
    }
    return false;
  };
  return VisitColumn(file, action, wanted, [&](const arrow::StructArray& column) -> Status {
    auto actions = ConformStruct(arrow::MakeArray(column.data()), type, action);
    if (!actions) return Fail(AsCorrupt(std::move(actions).error(), file.name));
    for (int64_t row = 0; row < (*actions)->length(); ++row) {
      if (HasAction(**actions, row)) take(**actions, row);
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
        fields_(replay.stats_fields()),
        parsed_type_(ParsedStatisticsType(fields_)),
        replay_(replay) {}

  Status Read(const columnar::ParquetFile& file) {
    const auto wanted = [&](const auto& path) { return Wants(path); };
    return VisitColumn(file, "add", wanted, [&](const arrow::StructArray& column) -> Status {
      auto adds = ConformStruct(arrow::MakeArray(column.data()), add_type_, "add");
      if (!adds) return Fail(AsCorrupt(std::move(adds).error(), file.name));
      const auto parsed = ConformParsed(column);
      for (int64_t row = 0; row < (*adds)->length(); ++row) {
        if (HasAction(**adds, row)) TakeRow(**adds, parsed.get(), row);
      }
      return {};
    });
  }

 private:
  bool Wants(const std::vector<std::string>& path) const {
    if (path.size() < 2) return true;
    if (path[1] == kParsedStats) return WantsParsed(path);
    return add_type_->GetFieldByName(path[1]) != nullptr;
  }

  bool WantsParsed(const std::vector<std::string>& path) const {
    if (path.size() == 3) return path[2] == "numRecords" || path[2] == "tightBounds";
    if (path.size() != 4) return false;  // statistics of columns nested in structs
    for (const Field& field : fields_) {
      if (SameColumnName(field.name, path[3])) return true;
    }
    return false;
  }

  // nullptr where there are none; statistics are a hint, so that odd types are no error.
  std::shared_ptr<arrow::StructArray> ConformParsed(const arrow::StructArray& column) const {
    const auto parsed = column.GetFieldByName(std::string(kParsedStats));
    if (parsed == nullptr || parsed->type_id() != arrow::Type::STRUCT) return nullptr;
    return ConformStruct(parsed, parsed_type_, kParsedStats).value_or(nullptr);
  }

  void TakeRow(const arrow::StructArray& adds, const arrow::StructArray* parsed, int64_t row) {
    AddFile add = CheckpointAdd(adds, row);
    if (!replay_.WantsOld(LogicalFileKey(add.path, add.deletion_vector))) return;
    FileStatistics stats = add.stats.empty() && parsed != nullptr
                               ? ParsedStatistics(*parsed, row, fields_)
                               : TypeStatistics(ExtractStatistics(add.stats, names_), fields_);
    if (!keep_raw_) add.stats.clear();
    LiveFile file = WithRawStatistics(std::move(add));
    SetStatistics(file, std::move(stats), fields_);
    replay_.TakeOldFile(std::move(file));
  }

  const std::vector<std::string>& names_;
  const bool keep_raw_;
  const std::vector<Field>& fields_;
  const std::shared_ptr<arrow::StructType> add_type_ =
      std::static_pointer_cast<arrow::StructType>(CheckpointAddType());
  const std::shared_ptr<arrow::DataType> parsed_type_;
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
