#include "sluice/delta/read/data_file.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/columnar/column_plan.h"
#include "sluice/columnar/parquet_file.h"
#include "sluice/columnar/row_group_reader.h"
#include "sluice/delta/read/data_path.h"
#include "sluice/delta/read/deletion_vector.h"
#include "sluice/delta/read/row_group_bounds.h"
#include "sluice/delta/schema/char_padding.h"
#include "sluice/delta/schema/partition_value.h"
#include "sluice/delta/schema/physical_column.h"
#include "sluice/delta/schema/type_changes.h"

namespace sluice::delta {
namespace {

// Where a projected field comes from: a column of the file, or one value for every row.
struct Source {
  Field field;
  std::shared_ptr<arrow::DataType> type;
  std::shared_ptr<arrow::Scalar> constant;  // set where there is no column
  int column = -1;                          // among the root's fields
  columnar::ColumnPlan plan;                // of that column
  int batch_index = -1;                     // among the columns that are read
  CharLengths chars;
};

// The rows that are wanted: those that the vector masks, or all others.
struct RowMask {
  DeletionVector rows;
  bool keeps = false;

  int64_t CountWanted(int64_t begin, int64_t end) const {
    const int64_t masked = rows.CountIn(begin, end);
    return keeps ? masked : end - begin - masked;
  }
};

class ParquetDataFile : public DataFile {
 public:
  ParquetDataFile(columnar::ParquetFile file, std::optional<RowMask> mask)
      : file_(std::move(file)), mask_(std::move(mask)) {}

  Status Prepare(const PartitionValues& partition_values, const Projection& projection) {
    SLUICE_RETURN_IF_ERROR(AddSources(partition_values, projection));
    SelectLeaves();
    int64_t first = 0;
    for (int i = 0; i < num_row_groups(); ++i) {
      if (row_group_rows(i) < 0) return Fail(ErrorKind::kCorrupt, "a row group of negative size");
      first_rows_.push_back(first);
      first += row_group_rows(i);
    }
    if (first != num_rows()) {
      return Fail(ErrorKind::kCorrupt, "its row groups have {} rows, its footer says {}", first,
                  num_rows());
    }
    if (mask_ && mask_->rows.end() > num_rows()) {
      return Fail(ErrorKind::kCorrupt, "its deletion vector masks row {}, it has {} rows",
                  mask_->rows.end() - 1, num_rows());
    }
    return {};
  }

  int num_row_groups() const override { return file_.metadata->num_row_groups(); }
  int64_t num_rows() const override { return file_.metadata->num_rows(); }
  int64_t row_group_rows(int row_group) const override {
    return file_.metadata->RowGroup(row_group)->num_rows();
  }

  RowGroupBounds row_group_bounds(int row_group, const std::string& column) const override {
    for (const Source& source : sources_) {
      if (source.column < 0 || !SameColumnName(source.field.name, column)) continue;
      const auto read = [&]() -> Result<RowGroupBounds> {
        return ReadRowGroupBounds(file_, row_group, source.column, source.field.type);
      };
      // Bounds are a hint: without them the row group is read.
      return columnar::GuardParquet(file_.name, read).value_or(RowGroupBounds());
    }
    return {};
  }

  bool has_int96() const override {
    for (const int leaf : leaves_) {
      if (file_.metadata->schema()->Column(leaf)->physical_type() == parquet::Type::INT96) {
        return true;
      }
    }
    return false;
  }

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }

  Status ReadRowGroup(int row_group, const columnar::BatchLimit& limit,
                      const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>&
                          visit) const override {
    if (row_group < 0 || row_group >= num_row_groups() || limit.most_rows <= 0) {
      return Fail(ErrorKind::kInternal, "{}: row group {} of {}, {} rows a batch", file_.name,
                  row_group, num_row_groups(), limit.most_rows);
    }
    const int64_t begin = first_rows_[static_cast<size_t>(row_group)];
    const int64_t rows = row_group_rows(row_group);
    if (mask_ && mask_->CountWanted(begin, begin + rows) == 0) return {};
    return leaves_.empty() ? ReadConstants(begin, rows, limit.most_rows, visit)
                           : ReadColumns(row_group, begin, rows, limit, visit);
  }

 private:
  using Visit = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>;

  Status AddSources(const PartitionValues& partition_values, const Projection& projection) {
    const columnar::ColumnPlanOptions options{SameColumnName, file_.calendar};
    arrow::FieldVector fields;
    for (const Field& field : projection.fields) {
      Source source;
      source.field = field;
      SLUICE_ASSIGN_OR_RETURN(const columnar::WantedColumn wanted, ToWanted(field));
      source.type = wanted.type;
      SLUICE_ASSIGN_OR_RETURN(source.chars, ReadCharLengths(field));
      SLUICE_RETURN_IF_ERROR(CheckTypeChanges({{field}}));
      if (IsPartitionColumn(projection.partition_columns, field)) {
        SLUICE_ASSIGN_OR_RETURN(const auto* text, FindPartitionValue(partition_values, field));
        auto value = ParsePartitionValue(text ? *text : std::nullopt, field.type, projection.zone);
        if (!value) {
          return Fail(std::move(value).error().Within(fmt::format("column '{}'", field.name)));
        }
        source.constant = *std::move(value);
      } else {
        const auto& columns = file_.schema->children;
        SLUICE_ASSIGN_OR_RETURN(const auto column,
                                columnar::FindStored(columns, wanted, field.name, SameColumnName));
        if (!column) {
          source.constant = arrow::MakeNullScalar(source.type);
        } else {
          source.column = static_cast<int>(*column);
          SLUICE_ASSIGN_OR_RETURN(source.plan, columnar::ColumnPlan::Make(columns[*column], wanted,
                                                                          field.name, options));
        }
      }
      fields.push_back(arrow::field(field.name, source.type, field.nullable));
      sources_.push_back(std::move(source));
    }
    positions_ = projection.positions;
    if (positions_) {
      fields.push_back(arrow::field(std::string(kRowPositionColumn), arrow::int64(), false));
    }
    schema_ = arrow::schema(std::move(fields));
    return {};
  }

  // A batch has its columns in the file's order, not in that of the projection.
  void SelectLeaves() {
    std::map<int, int> batch_index;  // by the column in the file
    for (const Source& source : sources_) {
      if (source.column < 0 || !batch_index.emplace(source.column, 0).second) continue;
      leaves_.insert(leaves_.end(), source.plan.leaves().begin(), source.plan.leaves().end());
    }
    std::sort(leaves_.begin(), leaves_.end());
    int next = 0;
    for (auto& [column, index] : batch_index) index = next++;
    for (Source& source : sources_) {
      if (source.column >= 0) source.batch_index = batch_index[source.column];
    }
  }

  Status ReadConstants(int64_t begin, int64_t rows, int64_t batch_rows, const Visit& visit) const {
    for (int64_t done = 0; done < rows; done += batch_rows) {
      const int64_t count = std::min(batch_rows, rows - done);
      SLUICE_RETURN_IF_ERROR(Emit(nullptr, begin + done, count, visit));
    }
    return {};
  }

  Status ReadColumns(int row_group, int64_t begin, int64_t rows, const columnar::BatchLimit& limit,
                     const Visit& visit) const {
    int64_t done = 0;
    SLUICE_RETURN_IF_ERROR(columnar::ReadRowGroup(
        file_, row_group, leaves_, limit, [&](const arrow::RecordBatch& batch) -> Status {
          const int64_t first = std::exchange(done, done + batch.num_rows());
          if (done > rows) return {};
          return Emit(&batch, begin + first, batch.num_rows(), visit);
        }));
    if (done == rows) return {};
    return Fail(ErrorKind::kCorrupt, "{}: row group {} does not hold the {} rows that it announces",
                file_.name, row_group, rows);
  }

  Result<std::shared_ptr<arrow::Array>> ColumnOf(const Source& source,
                                                 const arrow::RecordBatch* batch,
                                                 int64_t count) const {
    if (source.batch_index < 0 && !source.constant->is_valid) {
      return columnar::MakeNulls(source.type, count);
    }
    if (source.batch_index < 0) {
      SLUICE_ARROW_ASSIGN(auto column, arrow::MakeArrayFromScalar(*source.constant, count),
                          file_.name);
      return column;
    }
    if (source.batch_index >= batch->num_columns()) {
      return Fail(ErrorKind::kCorrupt, "{}: column '{}' can't be read", file_.name,
                  source.field.name);
    }
    auto column = source.plan.Build(batch->column(source.batch_index));
    if (!column) return Fail(std::move(column).error().Within(file_.name));
    return column;
  }

  // The column kRowPositionColumn of the rows [begin, begin + count).
  Result<std::shared_ptr<arrow::Array>> Positions(int64_t begin, int64_t count) const {
    arrow::Int64Builder builder;
    SLUICE_ARROW_RETURN(builder.Reserve(count), file_.name);
    for (int64_t row = begin; row < begin + count; ++row) builder.UnsafeAppend(row);
    SLUICE_ARROW_ASSIGN(auto positions, builder.Finish(), file_.name);
    return positions;
  }

  // Projects and masks the rows [begin, begin + count) of the file, whose columns `batch` holds.
  Status Emit(const arrow::RecordBatch* batch, int64_t begin, int64_t count,
              const Visit& visit) const {
    arrow::ArrayVector columns;
    for (const Source& source : sources_) {
      SLUICE_ASSIGN_OR_RETURN(auto column, ColumnOf(source, batch, count));
      if (source.chars.any()) {
        SLUICE_ASSIGN_OR_RETURN(column, PadChars(column, source.chars));
      }
      columns.push_back(std::move(column));
    }
    if (positions_) {
      SLUICE_ASSIGN_OR_RETURN(auto positions, Positions(begin, count));
      columns.push_back(std::move(positions));
    }
    auto live = arrow::RecordBatch::Make(schema_, count, std::move(columns));
    if (mask_) {
      SLUICE_ASSIGN_OR_RETURN(live, Mask(std::move(live), begin));
    }
    return live->num_rows() == 0 ? Status() : visit(live);
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Mask(std::shared_ptr<arrow::RecordBatch> batch,
                                                   int64_t begin) const {
    const int64_t end = begin + batch->num_rows();
    const int64_t wanted = mask_->CountWanted(begin, end);
    if (wanted == batch->num_rows()) return batch;
    // Filter() of a batch without columns would forget how many rows it has.
    if (batch->num_columns() == 0) {
      return arrow::RecordBatch::Make(schema_, wanted, arrow::ArrayVector());
    }
    std::vector<bool> keep(static_cast<size_t>(batch->num_rows()), !mask_->keeps);
    mask_->rows.VisitIn(
        begin, end, [&](int64_t row) { keep[static_cast<size_t>(row - begin)] = mask_->keeps; });
    arrow::BooleanBuilder builder;
    SLUICE_ARROW_RETURN(builder.AppendValues(keep), file_.name);
    SLUICE_ARROW_ASSIGN(auto filter, builder.Finish(), file_.name);
    SLUICE_ARROW_ASSIGN(const arrow::Datum filtered, arrow::compute::Filter(batch, filter),
                        file_.name);
    return filtered.record_batch();
  }

  const columnar::ParquetFile file_;
  const std::optional<RowMask> mask_;
  std::vector<Source> sources_;
  std::vector<int> leaves_;
  std::vector<int64_t> first_rows_;
  bool positions_ = false;
  std::shared_ptr<arrow::Schema> schema_;
};

// A file that the log places where this program does not read: in another kind of store, or, for a table in a
// bucket, on the local disk.
Error OutsideTable(const std::string& uri, const store::ObjectStore& table_store) {
  const std::string table = table_store.DisplayName("");
  struct Place {
    std::string_view scheme, name;
  };
  static constexpr Place kPlaces[] = {{"dbfs:", "the Databricks file system"},
                                      {"abfs:", "Azure storage"},
                                      {"abfss:", "Azure storage"},
                                      {"wasb:", "Azure storage"},
                                      {"wasbs:", "Azure storage"},
                                      {"adl:", "Azure storage"},
                                      {"gs:", "Google Cloud Storage"},
                                      {"hdfs:", "HDFS"}};
  for (const Place& place : kPlaces) {
    if (!uri.starts_with(place.scheme)) continue;
    return Error{
        ErrorKind::kUnsupported,
        fmt::format("data file {} of table {} lies in {}, which sluice does not read", uri, table,
                    place.name),
        "copy the table to a local folder or an S3 bucket (a deep clone), and export the copy"};
  }
  return Error{ErrorKind::kUnsupported,
               fmt::format("data file {} lies outside the folder of its table {}", uri, table),
               "if the table has moved, give `path` the folder that its log names; if it is a "
               "shallow clone, "
               "export the table that was cloned, or a deep clone"};
}

Result<columnar::ParquetFile> OpenAddress(const store::ObjectStore& table_store,
                                          const std::string& path) {
  SLUICE_ASSIGN_OR_RETURN(const DataFileAddress address, ResolvePath(path, table_store));
  const std::string name =
      address.relative ? table_store.DisplayName(address.key_or_uri) : address.key_or_uri;
  auto object = address.relative ? table_store.Open(address.key_or_uri)
                                 : table_store.OpenElsewhere(address.key_or_uri);
  if (object) return columnar::OpenParquet(name, *std::move(object));
  Error error = std::move(object).error();
  if (!address.relative && error.kind == ErrorKind::kUnsupported) {
    return Fail(OutsideTable(address.key_or_uri, table_store));
  }
  if (error.kind != ErrorKind::kNotFound) return Fail(std::move(error));
  error.kind = ErrorKind::kSourceGone;
  error.message = fmt::format("data file {} is not there any more", name);
  error.remedy = address.relative
                     ? "the source table was vacuumed or damaged: export a version that has its "
                       "files, and keep files longer (delta.deletedFileRetentionDuration)"
                     : "the file belongs to the table that was cloned, which was vacuumed or "
                       "dropped: export a deep clone, or clone the table again";
  return Fail(std::move(error));
}

Result<DeletionVector> LoadVector(const store::ObjectStore& table_store,
                                  const DeletionVectorDescriptor& descriptor,
                                  const std::string& file) {
  auto loaded = DeletionVector::Load(table_store, descriptor);
  if (!loaded) return Fail(std::move(loaded).error().Within(file));
  return loaded;
}

Result<std::optional<RowMask>> LoadMask(const store::ObjectStore& table_store,
                                        const RowSelection& rows, const std::string& file) {
  std::optional<RowMask> mask;
  if (rows.only) {
    mask.emplace();
    mask->keeps = true;
    SLUICE_ASSIGN_OR_RETURN(mask->rows, LoadVector(table_store, *rows.only, file));
  }
  if (rows.hidden) {
    SLUICE_ASSIGN_OR_RETURN(DeletionVector hidden, LoadVector(table_store, *rows.hidden, file));
    if (mask) {
      mask->rows = DeletionVector::Difference(mask->rows, hidden);
    } else {
      mask = RowMask{std::move(hidden), false};
    }
  }
  return mask;
}

}  // namespace

Result<std::unique_ptr<DataFile>> DataFile::Open(std::shared_ptr<store::ObjectStore> table_store,
                                                 const std::string& path,
                                                 const PartitionValues& partition_values,
                                                 const std::optional<DeletionVectorDescriptor>& dv,
                                                 const Projection& projection) {
  return OpenRows(std::move(table_store), path, partition_values, RowSelection{dv, {}}, projection);
}

Result<std::unique_ptr<DataFile>> DataFile::OpenRows(
    std::shared_ptr<store::ObjectStore> table_store, const std::string& path,
    const PartitionValues& partition_values, const RowSelection& rows,
    const Projection& projection) {
  SLUICE_ASSIGN_OR_RETURN(columnar::ParquetFile file, OpenAddress(*table_store, path));
  const std::string name = file.name;
  SLUICE_ASSIGN_OR_RETURN(std::optional<RowMask> mask, LoadMask(*table_store, rows, name));
  auto opened = std::make_unique<ParquetDataFile>(std::move(file), std::move(mask));
  auto prepared = columnar::GuardParquet(
      name, [&]() -> Status { return opened->Prepare(partition_values, projection); });
  if (!prepared) return Fail(std::move(prepared).error().Within(name));
  return opened;
}

}  // namespace sluice::delta
