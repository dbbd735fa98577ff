#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// How a table wants its data files written (PROTOCOL.md, "Column Mapping").
struct FileLayout {
  std::vector<Field>
      mapped;  ///< of the first columns, which files call by their physical names; empty: by their own
  int hidden = 0;  ///< columns at the end that are not the table's: without statistics
};
/// `schema`: the columns of the rows, which are without the partition columns.
FileLayout FileLayoutOf(const Metadata& metadata, const TableSchema& schema);

/// Writes `rows` as one new Parquet data file at the table's root
/// and returns its add action with statistics. The file is complete and durable, and nobody's until a commit
/// names it. Its name is never used twice. On an error nothing of it is left, as far as the store lets us clean
/// up. `now` is the file's modificationTime.
Result<AddFile> WriteDataFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                              const arrow::Table& rows, const FileLayout& layout,
                              const PartitionValues& partition_values, Timestamp now);

/// A change data file of `rows`, whose last column is _change_type (PROTOCOL.md, "Add CDC File"); else as above.
Result<AddCdcFile> WriteChangeFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                                   const arrow::Table& rows, const FileLayout& layout,
                                   const PartitionValues& partition_values);

/// The error that WriteDataFile or WriteChangeFile of these rows would end in, without a store: kUnsupported for
/// columns that cannot be written. Encodes the rows and keeps nothing.
Status RehearseDataFile(const arrow::Table& rows, const FileLayout& layout);

/// "part-00000-<uuid>.sluice.snappy.parquet": true only for names that WriteDataFile makes.
bool IsOwnDataFileName(std::string_view name);
/// "_change_data/cdc-00000-<uuid>.sluice.snappy.parquet": true only for names that WriteChangeFile makes.
bool IsOwnChangeFileName(std::string_view name);

/// PROTOCOL.md, "Per-file Statistics", as Spark writes them: numRecords, minValues and maxValues of
/// strings, integers and timestamps (cut to milliseconds), nullCount of what is not nested. Of the first `columns`
/// columns.
std::string StatisticsJson(const arrow::Table& rows, int columns);
/// True if StatisticsJson gives bounds of columns of the type.
bool HasStatistics(const DataType& type);

}  // namespace sluice::delta
