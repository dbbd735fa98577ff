#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/columnar/batch_limit.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/read/row_group_bounds.h"
#include "sluice/store/object_store.h"

namespace arrow {
class RecordBatch;
class Schema;
}  // namespace arrow

namespace sluice::delta {

/// long, not null; where a column of the table has that name, too, it is the last one.
inline constexpr std::string_view kRowPositionColumn = "_row_position";

/// What to read of a table's data files: `fields` in this order; those named in
/// `partition_columns` come from the file's partition values, the others from its Parquet, found by
/// physical name without case or by field id, null where the file is older than the column.
struct Projection {
  std::vector<Field> fields;
  std::vector<std::string> partition_columns;  ///< of the table, metaData.partitionColumns
  TimeZone zone = TimeZone::Utc();             ///< of TIMESTAMP partition values without an offset
  /// Adds a last column, kRowPositionColumn: where in the file each row stands, from 0.
  bool positions = false;
};

/// Which rows of a data file are wanted; by default all of them.
struct RowSelection {
  std::optional<DeletionVectorDescriptor> hidden;  ///< the rows masked by it are left out
  std::optional<DeletionVectorDescriptor> only;  ///< if set: only rows that are masked by this one
  bool operator==(const RowSelection&) const = default;
};

/// One data file of a table, read as the rows that are live at its version: projected, cast to the
/// table's types, its partition values filled in, CHAR(n) filled up with blanks, rows masked by its
/// deletion vector left out. Only what is read can stop a read.
/// Thread-safe: row groups may be read concurrently.
///
/// Errors name the file: kSourceGone if it is not there (vacuumed), kCorrupt for bytes that are not
/// the Parquet file that the log describes, kUnsupported for a type that can't be converted.
class DataFile {
 public:
  /// `table_store` is rooted at the table's folder. Reads the footer and the deletion vector.
  static Result<std::unique_ptr<DataFile>> Open(std::shared_ptr<store::ObjectStore> table_store,
                                                const std::string& path,
                                                const PartitionValues& partition_values,
                                                const std::optional<DeletionVectorDescriptor>& dv,
                                                const Projection& projection);
  /// The same for any selection of rows; Open() is OpenRows() with only the vector's rows hidden.
  static Result<std::unique_ptr<DataFile>> OpenRows(std::shared_ptr<store::ObjectStore> table_store,
                                                    const std::string& path,
                                                    const PartitionValues& partition_values,
                                                    const RowSelection& rows,
                                                    const Projection& projection);
  virtual ~DataFile() = default;

  virtual int num_row_groups() const = 0;
  virtual int64_t num_rows() const = 0;                     ///< physical
  virtual int64_t row_group_rows(int row_group) const = 0;  ///< physical
  virtual RowGroupBounds row_group_bounds(int row_group, const std::string& column) const = 0;
  /// True if a projected timestamp column is stored as INT96.
  virtual bool has_int96() const = 0;
  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;

  /// Decodes one row group in batches with schema(). `visit` returning an error stops. Batches
  /// without rows are not visited.
  virtual Status ReadRowGroup(
      int row_group, const columnar::BatchLimit& limit,
      const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& visit) const = 0;
};

}  // namespace sluice::delta
