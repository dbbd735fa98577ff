#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/column_plan.h"
#include "sluice/delta/schema/partition_value.h"
#include "sluice/delta/schema/schema.h"

/// Where a column of a table stands in what its writers left: the columns of a data file, the entries of
/// statistics, partition values, the list of partition columns. The one place that decides by which name.
namespace sluice::delta {

/// The name under which writers store the column.
std::string_view PhysicalName(const Field& field);

/// The column as a data file is asked for it: its Arrow type, and how it and the fields of its structs are found.
/// kUnsupported as ToArrow.
Result<columnar::WantedColumn> ToWanted(const Field& field);

/// The column's value among those of a file; nullptr, which reads as null, where the file has none;
/// kUnsupported where several names differ from the column's by case only. Borrows `values`.
Result<const std::optional<std::string>*> FindPartitionValue(const PartitionValues& values,
                                                             const Field& field);

/// Whether the log holds the column's values, and not the files.
bool IsPartitionColumn(const std::vector<std::string>& partition_columns, const Field& field);

}  // namespace sluice::delta
