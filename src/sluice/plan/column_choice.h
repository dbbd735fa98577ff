#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::plan {

/// Which of a source's columns are exported.
struct ColumnChoice {
  std::vector<delta::Field> output;   ///< in the table's order; what the files hold
  std::vector<std::string> replaced;  ///< chosen, but named like a partition column of the export
};

/// Whether every entry of `columns` and `exclude` is a column of `schema`, and the watermark (append) one
/// that Spark could compare with a timestamp. kConfig otherwise: every mistake with file, line and the
/// nearest column, one a line.
Status CheckNamedColumns(const config::Table& table, const delta::TableSchema& schema);

/// Applies `columns` / `exclude` without case. kConfig as CheckNamedColumns; kUnsupported where nothing is
/// left to export.
Result<ColumnChoice> ChooseColumns(const config::Table& table, const delta::TableSchema& schema);

/// The same for rows of `schema`, which the table had before it came to have `newest`. An entry names a column of
/// `newest`, and by column mapping the same one under its older name; or a column that only `schema` has. What
/// `exclude` names in either is left out.
Result<ColumnChoice> ChooseColumnsAsOf(const config::Table& table, const delta::TableSchema& schema,
                                       const delta::TableSchema& newest);

/// As CheckNamedColumns of `newest`, but for entries that name a column of one of `older`.
Status CheckNamedColumnsOf(const config::Table& table, const delta::TableSchema& newest,
                           const std::vector<const delta::TableSchema*>& older);

/// True if `columns` or `exclude` keep a column of this name in the source.
bool StaysInSource(const config::Table& table, std::string_view column);

/// The watermark's field. kConfig as CheckNamedColumns.
Result<delta::Field> FindWatermark(const config::Table& table, const delta::TableSchema& schema);

/// `columns` / `exclude` as one canonical text: two runs with different ones are not compared for
/// schema changes of the source.
std::string DescribeColumnChoice(const config::Table& table);

}  // namespace sluice::plan
