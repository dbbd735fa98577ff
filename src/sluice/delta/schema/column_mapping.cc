#include "sluice/delta/schema/column_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "sluice/base/column_name.h"
#include "sluice/delta/schema/json_object.h"

namespace sluice::delta {
namespace {

constexpr std::string_view kMode = "delta.columnMapping.mode";
constexpr std::string_view kPhysicalName = "delta.columnMapping.physicalName";
constexpr std::string_view kId = "delta.columnMapping.id";

Status MapField(Field& field, ColumnMappingMode mode, JsonParser& parser) {
  SLUICE_ASSIGN_OR_RETURN(const auto document, parser.Parse(field.metadata_json, "metadata"));
  SLUICE_ASSIGN_OR_RETURN(const JsonObject metadata, JsonObject::From(document, "metadata"));
  SLUICE_ASSIGN_OR_RETURN(const auto name, metadata.String(kPhysicalName));
  // As Spark does: a column that was there before the mapping keeps its name.
  field.physical_name = name.value_or(field.name);
  if (mode != ColumnMappingMode::kId) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto id, metadata.Int64(kId));
  if (!id || *id < 0 || *id > std::numeric_limits<int32_t>::max()) {
    return Fail(ErrorKind::kCorrupt, "the table maps columns by id, and this one has no valid {}",
                kId);
  }
  field.field_id = static_cast<int32_t>(*id);
  return {};
}

// Which of two columns a name or an id means must be certain, without case too: files are searched so.
Status RequireDistinct(const std::vector<Field>& fields) {
  std::map<std::string, const Field*> names;
  std::map<int32_t, const Field*> ids;
  for (const Field& field : fields) {
    const auto [name, is_new] = names.emplace(FoldColumnName(field.physical_name), &field);
    if (!is_new) {
      return Fail(Error{ErrorKind::kUnsupported,
                        fmt::format("columns '{}' and '{}' have one physical name, '{}'",
                                    name->second->name, field.name, field.physical_name),
                        "correct the table's column mapping with the program that wrote it"});
    }
    if (!field.field_id) continue;
    const auto [id, is_free] = ids.emplace(*field.field_id, &field);
    if (!is_free) {
      return Fail(Error{ErrorKind::kUnsupported,
                        fmt::format("columns '{}' and '{}' have one field id, {}", id->second->name,
                                    field.name, *field.field_id),
                        "correct the table's column mapping with the program that wrote it"});
    }
  }
  return {};
}

Status MapFields(DataType& type, ColumnMappingMode mode, JsonParser& parser) {
  for (Field& field : type.fields) {
    // Parts of lists and maps have no names of their own: files have them by position.
    Status mapped = type.id == TypeId::kStruct ? MapField(field, mode, parser) : Status();
    if (mapped) mapped = MapFields(field.type, mode, parser);
    if (!mapped) {
      return Fail(std::move(mapped).error().Within(fmt::format("column '{}'", field.name)));
    }
  }
  return type.id == TypeId::kStruct ? RequireDistinct(type.fields) : Status();
}

void KeepMappingOnly(std::vector<Field>& fields) {
  for (Field& field : fields) {
    nlohmann::json metadata = nlohmann::json::object();
    if (!field.physical_name.empty()) metadata[std::string(kPhysicalName)] = field.physical_name;
    field.metadata_json = metadata.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    KeepMappingOnly(field.type.fields);
  }
}

}  // namespace

TableSchema WithMappingOnly(TableSchema schema) {
  KeepMappingOnly(schema.fields);
  return schema;
}

Result<ColumnMappingMode> ColumnMappingModeOf(
    const std::map<std::string, std::string>& configuration) {
  const auto found = configuration.find(std::string(kMode));
  if (found == configuration.end()) return ColumnMappingMode::kNone;
  std::string mode = found->second;
  std::transform(mode.begin(), mode.end(), mode.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (mode == "none") return ColumnMappingMode::kNone;
  if (mode == "name") return ColumnMappingMode::kName;
  if (mode == "id") return ColumnMappingMode::kId;
  return Fail(Error{ErrorKind::kUnsupported,
                    fmt::format("{} is '{}', which sluice does not know", kMode, found->second),
                    "export a copy of the table (CREATE TABLE ... AS SELECT)"});
}

Status MapColumns(TableSchema& schema, ColumnMappingMode mode) {
  if (mode == ColumnMappingMode::kNone) return {};
  JsonParser parser;
  DataType root{TypeId::kStruct, 0, 0, std::move(schema.fields)};
  Status mapped = MapFields(root, mode, parser);
  schema.fields = std::move(root.fields);
  return mapped;
}

}  // namespace sluice::delta
