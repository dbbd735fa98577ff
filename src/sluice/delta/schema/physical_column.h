#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/schema/partition_value.h"
#include "sluice/delta/schema/schema.h"

/// Where a column of a table stands in what its writers left: the columns of a data file, the entries of
/// statistics, partition values, the list of partition columns. The one place that decides by which name.
namespace sluice::delta {

/// The name under which writers store the column.
std::string_view PhysicalName(const Field& field);

/// Which of `count` names, each given by `name_of`, is the column's: the one that is the same without case.
/// nullopt if there is none; kUnsupported, as Spark refuses it, if there are several.
Result<std::optional<size_t>> FindPhysical(const Field& field, size_t count,
                                           const std::function<std::string_view(size_t)>& name_of);

/// The column's value among those of a file; nullptr, which reads as null, where the file has none. Borrows
/// `values`.
Result<const std::optional<std::string>*> FindPartitionValue(const PartitionValues& values,
                                                             const Field& field);

/// Whether the log holds the column's values, and not the files.
bool IsPartitionColumn(const std::vector<std::string>& partition_columns, const Field& field);

}  // namespace sluice::delta
