#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/schema/char_padding.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/state/state_change.h"
#include "sluice/state/state_row.h"

/// The rows of _export_state as Arrow tables: found, read, changed. No I/O.
namespace sluice::state {

/// The guide's four columns in a table that may have others; indexes into its schema.
struct StateColumns {
  int source_table = 0, end_time = 0, version = 0, run_timestamp = 0;
  /// The hidden columns of a table that tracks rows; -1: none.
  int row_id = -1, row_commit_version = -1;
  delta::TextLimit name_limit;  ///< of source_table, where it is CHAR(n) or VARCHAR(n)

  /// A value of source_table as tables are called: Spark compares a CHAR(n) without its trailing blanks.
  std::string_view NameOf(std::string_view stored) const;
};

/// The last way out of a table that cannot be kept; another place under `state` would be one without its ledger.
inline constexpr std::string_view kWithoutIt =
    "move the table's folder away and run again: for each table that was exported before, the "
    "refusal then gives "
    "the `sluice state set` that writes its row again";

/// `name` as a column of that limit holds it: CHAR(n) with the blanks that fill it up.
std::string StoredName(std::string name, const delta::TextLimit& limit);

/// The guide's table, as sluice creates it.
delta::TableSchema GuideSchema();

/// Found without case. kUnsupported naming all that are missing or of another type.
Result<StateColumns> FindStateColumns(const delta::TableSchema& schema, std::string_view table);

/// kUnsupported naming every column whose values a rewrite of the rows could not keep.
Status CheckKeepable(const delta::TableSchema& schema, std::string_view table);

/// Every row that has a name; rows whose source_table is NULL belong to no table.
std::vector<StateRow> ReadRows(const arrow::Table& rows, const StateColumns& columns);

struct ChangedRows {
  std::shared_ptr<arrow::Table> rows;
  /// What changed, as a change data feed tells it; its last column is _change_type.
  std::shared_ptr<arrow::Table> changes;
  int64_t inserted = 0, updated = 0, deleted = 0, copied = 0;
};

/// Carries out `change` (not kKeep) on `rows`: of several rows of that name the first is set and the
/// others go. Other rows and columns are kept as they are; columns that an inserted row has no value
/// for are null. kUnsupported where such a column, or a set one, is NOT NULL, and where the column source_table is too
/// short for the name of an inserted row.
Result<ChangedRows> ApplyChange(const arrow::Table& rows, const StateColumns& columns,
                                const RowChange& change);

}  // namespace sluice::state
