#include "sluice/catalog/table_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "sluice/catalog/table_location.h"

namespace sluice::catalog {
namespace {

constexpr char kCopyIt[] = "copy its rows to a Delta table on a schedule, and export that one";

struct RefusedType {
  std::string_view type;
  Refusal refusal;
};

const std::array<RefusedType, 8>& RefusedTypes() {
  static const std::array<RefusedType, 8> types{{
      {"VIEW", {"a view", kCopyIt}},
      {"MATERIALIZED_VIEW", {"a materialized view", kCopyIt}},
      {"STREAMING_TABLE", {"a streaming table", kCopyIt}},
      {"FOREIGN", {"a foreign table, whose data lie in another system", kCopyIt}},
      {"METRIC_VIEW", {"a metric view", kCopyIt}},
      {"MANAGED_SHALLOW_CLONE",
       {"a shallow clone, whose files lie in the table that it was cloned from",
        "make a deep clone, and export that one"}},
      {"EXTERNAL_SHALLOW_CLONE",
       {"a shallow clone, whose files lie in the table that it was cloned from",
        "make a deep clone, and export that one"}},
      {"FOREIGN_SHALLOW_CLONE", {"a shallow clone of a foreign table", kCopyIt}},
  }};
  return types;
}

bool Holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

/// A row filter or a mask is an object; an empty one says that there is none.
bool IsSet(const Json& object, const char* name) {
  const Json* member = Member(object, name);
  return member != nullptr && !member->empty();
}

void ReadProperties(const Json& json, std::map<std::string, std::string>& properties) {
  const Json* given = Member(json, "properties");
  if (given == nullptr || !given->is_object()) return;
  for (const auto& [name, value] : given->items()) {
    if (value.is_string()) properties.emplace(name, value.get<std::string>());
  }
}

}  // namespace

Result<TableDescription> ReadTableInfo(const Json& json) {
  TableDescription table;
  table.name = {Text(json, "catalog_name"), Text(json, "schema_name"), Text(json, "name")};
  if (table.name.catalog.empty() || table.name.schema.empty() || table.name.table.empty()) {
    return Fail(ErrorKind::kCorrupt,
                "the catalog's answer does not describe a table: a name is missing");
  }
  table.id = Text(json, "table_id");
  table.location = Text(json, "storage_location");
  table.type = Text(json, "table_type");
  table.format = Text(json, "data_source_format");
  table.kind = Text(json, "securable_kind");
  ReadProperties(json, table.properties);
  table.has_row_filter = IsSet(json, "row_filter");
  const Json* columns = Member(json, "columns");
  table.has_column_mask = columns != nullptr && columns->is_array() &&
                          std::any_of(columns->begin(), columns->end(), [](const Json& column) {
                            return IsSet(column, "mask") || IsSet(column, "column_masks");
                          });
  return table;
}

Result<TableDescription> ReadTableMetadata(const Json& json, const TableName& name) {
  TableDescription table;
  table.name = name;
  table.id = Text(json, "table-uuid");
  table.location = Text(json, "location");
  table.type = Text(json, "table-type");
  if (table.id.empty() || table.location.empty() || table.type.empty()) {
    return Fail(ErrorKind::kCorrupt,
                "the catalog's answer does not describe a table: its table-uuid, location or "
                "table-type is missing");
  }
  ReadProperties(json, table.properties);
  return table;
}

std::optional<Refusal> RefusalOf(const TableDescription& table) {
  if (Holds(table.kind, "DELTASHARING") || table.format == "DELTASHARING") {
    return Refusal{
        "a table of a Delta share, whose files its provider keeps",
        "export it where it is shared from, or copy its rows to a Delta table of your own"};
  }
  for (const auto& refused : RefusedTypes()) {
    if (table.type == refused.type) return refused.refusal;
  }
  if (table.type != "MANAGED" && table.type != "EXTERNAL") {
    return Refusal{
        fmt::format("of a kind that sluice does not know ('{}')", table.type.substr(0, 60)),
        kCopyIt};
  }
  // Only the older API tells the format; the newer one has no table of another.
  if (table.format != "DELTA" && !table.format.empty()) {
    return Refusal{
        fmt::format("a table in the format {}, not Delta", table.format.substr(0, 60)),
        "copy its rows to a Delta table (CREATE TABLE .. AS SELECT), and export that one"};
  }
  if (table.has_row_filter) {
    return Refusal{"a table with a row filter, so that its files may not be read",
                   "export a copy of the table without the filter"};
  }
  if (table.has_column_mask) {
    return Refusal{"a table with column masks, so that its files may not be read",
                   "export a copy of the table without the masked columns"};
  }
  if (table.location.empty()) {
    return Refusal{"a table whose location the catalog does not name",
                   "set `path`, and `source.auth` with credentials of your own"};
  }
  const auto location = ToLocation(table.location);
  if (!location) return Refusal{location.error().message, location.error().remedy};
  return std::nullopt;
}

bool IsCatalogManaged(const TableDescription& table) {
  constexpr std::array<std::string_view, 2> kFeatures{"delta.feature.catalogManaged",
                                                      "delta.feature.catalogOwned-preview"};
  return std::any_of(kFeatures.begin(), kFeatures.end(), [&](std::string_view feature) {
    const auto found = table.properties.find(std::string(feature));
    return found != table.properties.end() && found->second == "supported";
  });
}

}  // namespace sluice::catalog
