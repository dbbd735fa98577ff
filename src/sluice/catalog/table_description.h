#pragma once

#include <map>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/catalog/json_answer.h"
#include "sluice/catalog/table_name.h"

namespace sluice::catalog {

/// A table, view or the like, as either API describes it. Value type.
struct TableDescription {
  TableName name;
  std::string id;        ///< UUID; "" if the catalog told none
  std::string location;  ///< as the catalog wrote it; "" for views
  std::string type;      ///< "MANAGED", "EXTERNAL", "VIEW"
  std::string format;    ///< "DELTA"; "" in the newer API, which has no other
  std::string kind;      ///< Databricks' securable_kind, "TABLE_DELTASHARING"; often ""
  std::map<std::string, std::string> properties;
  bool has_row_filter = false;
  bool has_column_mask = false;
};

/// An entry of the older API, TableInfo. kCorrupt where it is not one.
Result<TableDescription> ReadTableInfo(const Json& json);
/// The metadata of the newer API's answer about `name`. kCorrupt where they are not metadata of a table.
Result<TableDescription> ReadTableMetadata(const Json& json, const TableName& name);

/// Why a table cannot be exported, as far as the catalog's description shows.
struct Refusal {
  std::string what;  ///< "a view"
  std::string remedy;
};
std::optional<Refusal> RefusalOf(const TableDescription& table);

/// Whether the catalog manages the table's commits (PROTOCOL.md, "Catalog-managed tables").
bool IsCatalogManaged(const TableDescription& table);

}  // namespace sluice::catalog
