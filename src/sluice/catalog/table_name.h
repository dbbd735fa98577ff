#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::catalog {

/// `main.sales.events`. Value type.
struct TableName {
  std::string catalog, schema, table;
  std::string ToString()
      const;  ///< joined by dots; a part that holds a dot or a backtick stands in backticks
  auto operator<=>(const TableName&) const = default;
};

/// Three parts, each bare or in backticks (a doubled backtick stands for one), as Databricks' SQL writes them.
/// kConfig, with the form that is wanted, for one or two parts, an empty part or a stray backtick.
Result<TableName> ParseTableName(std::string_view text);

}  // namespace sluice::catalog
