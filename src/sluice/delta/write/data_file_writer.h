#pragma once

#include <arrow/type_fwd.h>

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// Writes `rows` (without the partition columns) as one new Parquet data file at the table's root and
/// returns its add action with statistics. The file is complete and durable, and nobody's until a commit
/// names it. Its name is never used twice. On an error nothing of it is left, as far as the store
/// lets us clean up. `now` is the file's modificationTime.
Result<AddFile> WriteDataFile(store::ObjectStore& table_store, runtime::Entropy& entropy,
                              const arrow::Table& rows, const PartitionValues& partition_values,
                              Timestamp now);

/// "part-00000-<uuid>.sluice.snappy.parquet": true only for names that WriteDataFile makes.
bool IsOwnDataFileName(std::string_view name);

/// PROTOCOL.md, "Per-file Statistics", as Spark writes them: numRecords, minValues and maxValues of
/// strings, integers and timestamps (cut to milliseconds), nullCount of what is not nested.
std::string StatisticsJson(const arrow::Table& rows);

}  // namespace sluice::delta
