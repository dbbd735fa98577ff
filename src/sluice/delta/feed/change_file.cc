#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/feed/change_feed.h"
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
// last column of the file itself, or one word for all rows.
class ChangeRows : public DataFile {
 public:
  ChangeRows(std::unique_ptr<DataFile> file, std::string name, ChangeKind kind, Version version,
             Timestamp committed)
      : file_(std::move(file)), name_(std::move(name)), type_in_file_(kind == ChangeKind::kInFile) {
    arrow::FieldVector fields = file_->schema()->fields();
    if (!type_in_file_) {
      Append(
          kChangeTypeColumn,
          std::make_shared<arrow::StringScalar>(kind == ChangeKind::kInsert ? "insert" : "delete"),
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
      arrow::ArrayVector columns = batch->columns();
      if (type_in_file_) SLUICE_RETURN_IF_ERROR(CheckTypes(*columns.back()));
      for (const auto& constant : constants_) {
        SLUICE_ARROW_ASSIGN(auto column, arrow::MakeArrayFromScalar(*constant, batch->num_rows()),
                            name_);
        columns.push_back(std::move(column));
      }
      return visit(arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns)));
    };
    return file_->ReadRowGroup(row_group, limit, complete);
  }

 private:
  void Append(std::string_view name, std::shared_ptr<arrow::Scalar> value,
              arrow::FieldVector& fields) {
    fields.push_back(arrow::field(std::string(name), value->type));
    constants_.push_back(std::move(value));
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
  const bool type_in_file_;
  std::vector<std::shared_ptr<arrow::Scalar>> constants_;
  std::shared_ptr<arrow::Schema> schema_;
};

Error ForVersion(Error error, Version version) {
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

}  // namespace

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
  Projection projection{fields, {}, zone};
  // What the log has a value of is not in the file, or only as a copy.
  for (const Field& field : fields) {
    SLUICE_ASSIGN_OR_RETURN(const auto* value, FindPartitionValue(file.partition_values, field));
    if (value != nullptr) projection.partition_columns.push_back(field.name);
  }
  if (file.kind == ChangeKind::kInFile) projection.fields.push_back(ChangeTypeField());
  SLUICE_ASSIGN_OR_RETURN(const DataFileAddress address, ResolvePath(file.path, *table_store));
  std::string name =
      address.relative ? table_store->DisplayName(address.key_or_uri) : address.key_or_uri;
  auto opened = DataFile::OpenRows(std::move(table_store), file.path, file.partition_values,
                                   file.rows, projection);
  if (!opened) return Fail(ForVersion(std::move(opened).error(), version));
  return std::make_unique<ChangeRows>(*std::move(opened), std::move(name), file.kind, version,
                                      committed);
}

}  // namespace sluice::delta
