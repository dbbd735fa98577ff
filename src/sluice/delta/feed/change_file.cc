#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/feed/change_projection.h"
#include "sluice/delta/read/data_path.h"
#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

constexpr std::array<std::string_view, 4> kChangeTypes = {"insert", "delete", "update_preimage",
                                                          "update_postimage"};

Field ChangeTypeField() {
  return Field{std::string(kChangeTypeColumn), DataType{TypeId::kString, 0, 0, {}}, true, "{}"};
}

// A data file with the feed's columns behind those that it was opened for. The change type is the
// last column of the file itself, or one word for all rows, or by each row's fate, which its position,
// then the last column of the file, tells.
class ChangeRows : public DataFile {
 public:
  ChangeRows(std::unique_ptr<DataFile> file, std::string name, const ChangeFile& change,
             Version version, Timestamp committed)
      : file_(std::move(file)), name_(std::move(name)), kind_(change.kind), fates_(change.fates) {
    arrow::FieldVector fields = file_->schema()->fields();
    if (fates_) {
      fields.back() = arrow::field(std::string(kChangeTypeColumn), arrow::utf8());
    } else if (kind_ != ChangeKind::kInFile) {
      Append(
          kChangeTypeColumn,
          std::make_shared<arrow::StringScalar>(kind_ == ChangeKind::kInsert ? "insert" : "delete"),
          fields);
    }
    Append(kCommitVersionColumn, std::make_shared<arrow::Int64Scalar>(version.value), fields);
    Append(kCommitTimestampColumn,
           std::make_shared<arrow::TimestampScalar>(
               committed.micros, arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
           fields);
    schema_ = arrow::schema(std::move(fields));
  }

  int num_row_groups() const override { return file_->num_row_groups(); }
  int64_t num_rows() const override { return file_->num_rows(); }
  int64_t row_group_rows(int row_group) const override { return file_->row_group_rows(row_group); }
  RowGroupBounds row_group_bounds(int row_group, const std::string& column) const override {
    return file_->row_group_bounds(row_group, column);
  }
  bool has_int96() const override { return file_->has_int96(); }
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Status ReadRowGroup(int row_group, const columnar::BatchLimit& limit,
                      const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>&
                          visit) const override {
    const auto complete = [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
      if (kind_ == ChangeKind::kInFile) {
        SLUICE_RETURN_IF_ERROR(CheckTypes(*batch->columns().back()));
      }
      std::shared_ptr<arrow::RecordBatch> changed = batch;
      if (fates_) {
        SLUICE_ASSIGN_OR_RETURN(changed, Judge(batch));
      }
      const int64_t rows = changed->num_rows();
      if (rows == 0) return {};
      arrow::ArrayVector columns = changed->columns();
      for (const auto& constant : constants_) {
        SLUICE_ARROW_ASSIGN(auto column, arrow::MakeArrayFromScalar(*constant, rows), name_);
        columns.push_back(std::move(column));
      }
      return visit(arrow::RecordBatch::Make(schema_, rows, std::move(columns)));
    };
    if (fates_ && OnlyCopies(row_group)) return {};
    return file_->ReadRowGroup(row_group, limit, complete);
  }

 private:
  void Append(std::string_view name, std::shared_ptr<arrow::Scalar> value,
              arrow::FieldVector& fields) {
    fields.push_back(arrow::field(std::string(name), value->type));
    constants_.push_back(std::move(value));
  }

  // A commit that rewrites a large file for a few rows copies most of its row groups whole.
  bool OnlyCopies(int row_group) const {
    int64_t row = 0;
    for (int before = 0; before < row_group; ++before) row += file_->row_group_rows(before);
    const int64_t end = row + file_->row_group_rows(row_group);
    while (row < end && fates_->copied.Has(row)) ++row;
    return row == end;
  }

  // The rows that changed, with what became of each in place of its position.
  Result<std::shared_ptr<arrow::RecordBatch>> Judge(
      const std::shared_ptr<arrow::RecordBatch>& batch) const {
    const bool added = kind_ == ChangeKind::kInsert;
    const int last = batch->num_columns() - 1;
    const auto& positions = static_cast<const arrow::Int64Array&>(*batch->column(last));
    arrow::BooleanBuilder keep;
    arrow::StringBuilder types;
    int64_t kept = 0;
    for (int64_t row = 0; row < positions.length(); ++row) {
      const int64_t position = positions.Value(row);
      const bool changed = !fates_->copied.Has(position);
      SLUICE_ARROW_RETURN(keep.Append(changed), name_);
      if (!changed) continue;
      ++kept;
      const bool updated = fates_->updated.Has(position);
      SLUICE_ARROW_RETURN(types.Append(added ? (updated ? "update_postimage" : "insert")
                                             : (updated ? "update_preimage" : "delete")),
                          name_);
    }
    SLUICE_ARROW_ASSIGN(auto type_column, types.Finish(), name_);
    std::shared_ptr<arrow::RecordBatch> rows = batch;
    if (kept != batch->num_rows()) {
      SLUICE_ARROW_ASSIGN(auto filter, keep.Finish(), name_);
      SLUICE_ARROW_ASSIGN(const arrow::Datum filtered, arrow::compute::Filter(batch, filter),
                          name_);
      rows = filtered.record_batch();
    }
    SLUICE_ARROW_ASSIGN(
        rows,
        rows->SetColumn(last, arrow::field(std::string(kChangeTypeColumn), arrow::utf8()),
                        std::move(type_column)),
        name_);
    return rows;
  }

  // A reader who applies the feed must know every word in it.
  Status CheckTypes(const arrow::Array& types) const {
    const auto& words = static_cast<const arrow::StringArray&>(types);
    for (int64_t row = 0; row < words.length(); ++row) {
      if (words.IsNull(row)) {
        return Fail(ErrorKind::kCorrupt, "{}: a row without a change type", name_);
      }
      const std::string_view word = words.GetView(row);
      if (std::find(kChangeTypes.begin(), kChangeTypes.end(), word) == kChangeTypes.end()) {
        return Fail(ErrorKind::kCorrupt, "{}: unknown change type '{}'", name_, word);
      }
    }
    return {};
  }

  const std::unique_ptr<DataFile> file_;
  const std::string name_;
  const ChangeKind kind_;
  const std::shared_ptr<const RowFates> fates_;
  std::vector<std::shared_ptr<arrow::Scalar>> constants_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace

Error WithinVersion(Error error, Version version) {
  if (error.kind == ErrorKind::kSourceGone) {
    error.remedy =
        "the changes of this version are lost: start again from a snapshot; for the future read "
        "the "
        "feed "
        "more often than the source is vacuumed, or keep files longer "
        "(delta.deletedFileRetentionDuration)";
  }
  return std::move(error).Within(fmt::format("changes of version {}", version.value));
}

Result<Projection> ProjectionOf(const ChangeFile& file, const std::vector<Field>& fields,
                                const TimeZone& zone) {
  Projection projection{fields, {}, zone};
  // What the log has a value of is not in the file, or only as a copy.
  for (const Field& field : fields) {
    SLUICE_ASSIGN_OR_RETURN(const auto* value, FindPartitionValue(file.partition_values, field));
    if (value != nullptr) projection.partition_columns.push_back(field.name);
  }
  return projection;
}

std::vector<Field> WithFeedColumns(std::vector<Field> fields) {
  fields.push_back(ChangeTypeField());
  fields.push_back(
      Field{std::string(kCommitVersionColumn), DataType{TypeId::kLong, 0, 0, {}}, true, "{}"});
  fields.push_back(Field{std::string(kCommitTimestampColumn),
                         DataType{TypeId::kTimestamp, 0, 0, {}}, true, "{}"});
  return fields;
}

Result<std::unique_ptr<DataFile>> OpenChangeFile(std::shared_ptr<store::ObjectStore> table_store,
                                                 Version version, Timestamp committed,
                                                 const ChangeFile& file,
                                                 const std::vector<Field>& fields,
                                                 const TimeZone& zone) {
  SLUICE_ASSIGN_OR_RETURN(Projection projection, ProjectionOf(file, fields, zone));
  if (file.kind == ChangeKind::kInFile) projection.fields.push_back(ChangeTypeField());
  projection.positions = file.fates != nullptr;
  SLUICE_ASSIGN_OR_RETURN(const DataFileAddress address, ResolvePath(file.path, *table_store));
  std::string name =
      address.relative ? table_store->DisplayName(address.key_or_uri) : address.key_or_uri;
  auto opened = DataFile::OpenRows(std::move(table_store), file.path, file.partition_values,
                                   file.rows, projection);
  if (!opened) {
    Error error = std::move(opened).error();
    if (file.kind == ChangeKind::kInFile &&
        error.message.find(kChangeTypeColumn) != std::string::npos) {
      error.remedy = fmt::format("its writer broke the protocol, by which {} is text: {}",
                                 kChangeTypeColumn, kStartAgain);
    }
    return Fail(WithinVersion(std::move(error), version));
  }
  return std::make_unique<ChangeRows>(*std::move(opened), std::move(name), file, version,
                                      committed);
}

}  // namespace sluice::delta
