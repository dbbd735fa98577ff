#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/schema.h"

namespace sluice::plan {

/// Which of a source's columns are exported.
struct ColumnChoice {
  std::vector<delta::Field> output;   ///< in the table's order; what the files hold
  std::vector<std::string> replaced;  ///< chosen, but named like a partition column of the export
};

/// Applies `columns` / `exclude` without case. kNotFound, naming every entry that matches no column with
/// the nearest one that exists; kUnsupported where nothing is left to export.
Result<ColumnChoice> ChooseColumns(const config::Table& table, const delta::TableSchema& schema);

/// The watermark's field. kNotFound naming the nearest column; kUnsupported where Spark could not
/// compare it with a timestamp (its type is named).
Result<delta::Field> FindWatermark(const config::Table& table, const delta::TableSchema& schema);

/// `columns` / `exclude` as one canonical text: two runs with different ones are not compared for
/// schema changes of the source.
std::string DescribeColumnChoice(const config::Table& table);

}  // namespace sluice::plan
