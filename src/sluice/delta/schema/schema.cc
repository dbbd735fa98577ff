#include "sluice/delta/schema/schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/delta/schema/json_object.h"

namespace sluice::delta {
namespace {

using simdjson::dom::element;

struct PrimitiveName {
  std::string_view json;     // in schemaString
  std::string_view message;  // in messages, as SQL says it where the two differ
  TypeId id;
};

constexpr PrimitiveName kPrimitives[] = {
    {"string", "string", TypeId::kString},
    {"long", "long", TypeId::kLong},
    {"integer", "int", TypeId::kInteger},
    {"short", "short", TypeId::kShort},
    {"byte", "byte", TypeId::kByte},
    {"float", "float", TypeId::kFloat},
    {"double", "double", TypeId::kDouble},
    {"boolean", "boolean", TypeId::kBoolean},
    {"binary", "binary", TypeId::kBinary},
    {"date", "date", TypeId::kDate},
    {"timestamp", "timestamp", TypeId::kTimestamp},
    {"timestamp_ntz", "timestamp_ntz", TypeId::kTimestampNtz},
    {"variant", "variant", TypeId::kVariant},
    {"void", "void", TypeId::kVoid},
};

// Deeper than any schema that Spark can analyze; bounds the recursion over untrusted text.
constexpr int kMaxDepth = 200;
// Of all levels. Columns are compared with each other: many more would take hours.
constexpr size_t kMostFields = 50'000;

std::optional<DataType> ParseDecimal(std::string_view name) {
  if (name == "decimal") return DataType{TypeId::kDecimal, 10, 0, {}};
  if (!name.starts_with("decimal(") || !name.ends_with(")")) return std::nullopt;
  std::string digits(name.substr(8, name.size() - 9));
  std::erase(digits, ' ');
  const char* const end = digits.data() + digits.size();
  DataType type{TypeId::kDecimal, 0, 0, {}};
  const auto precision = std::from_chars(digits.data(), end, type.precision);
  if (precision.ec != std::errc() || precision.ptr == end || *precision.ptr != ',') {
    return std::nullopt;
  }
  const auto scale = std::from_chars(precision.ptr + 1, end, type.scale);
  if (scale.ec != std::errc() || scale.ptr != end) return std::nullopt;
  if (type.precision < 1 || type.precision > 38 || type.scale > type.precision ||
      type.scale < -38) {
    return std::nullopt;
  }
  return type;
}

// char(n) and varchar(n) are strings to a reader, as in Spark.
bool IsCharType(std::string_view name) {
  return (name.starts_with("char(") || name.starts_with("varchar(")) && name.ends_with(")");
}

std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// nullopt for a type of another program.
std::optional<DataType> KnownPrimitive(std::string_view name) {
  for (const PrimitiveName& primitive : kPrimitives) {
    if (primitive.json == name) return DataType{primitive.id, 0, 0, {}};
  }
  if (name == "timestamp_ltz") return DataType{TypeId::kTimestamp, 0, 0, {}};
  if (name == "null") return DataType{TypeId::kVoid, 0, 0, {}};
  if (IsCharType(name)) return DataType{TypeId::kString, 0, 0, {}};
  return ParseDecimal(name);
}

DataType ParsePrimitive(std::string_view name, element json) {
  if (auto known = KnownPrimitive(name)) return *std::move(known);
  return DataType{TypeId::kUnknown, 0, 0, {}, simdjson::minify(json)};
}

Result<DataType> ParseType(element json, int depth);

Result<Field> ParseField(element json, int depth) {
  SLUICE_ASSIGN_OR_RETURN(const JsonObject object, JsonObject::From(json, "schema field"));
  Field field;
  SLUICE_ASSIGN_OR_RETURN(field.name, object.RequiredString("name"));
  const auto type = object.Get("type");
  if (!type) return Fail(ErrorKind::kCorrupt, "column '{}' has no type", field.name);
  auto parsed = ParseType(*type, depth + 1);
  if (!parsed) {
    return Fail(std::move(parsed).error().Within(fmt::format("column '{}'", field.name)));
  }
  field.type = *std::move(parsed);
  SLUICE_ASSIGN_OR_RETURN(const auto nullable, object.Bool("nullable"));
  field.nullable = nullable.value_or(true);
  if (const auto metadata = object.Get("metadata")) {
    if (!metadata->is_object()) {
      return Fail(ErrorKind::kCorrupt, "column '{}': metadata is not a JSON object", field.name);
    }
    field.metadata_json = simdjson::minify(*metadata);
  }
  return field;
}

Result<std::vector<Field>> ParseFields(const JsonObject& object, int depth) {
  const auto json = object.Get("fields");
  simdjson::dom::array array;
  if (!json || json->get(array) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kCorrupt, "a struct without a list of fields");
  }
  std::vector<Field> fields;
  for (const element entry : array) {
    SLUICE_ASSIGN_OR_RETURN(Field field, ParseField(entry, depth));
    fields.push_back(std::move(field));
  }
  return fields;
}

// A part of an array or map, as a field so that every nested type is a list of fields.
Result<Field> ParsePart(const JsonObject& object, std::string_view type_key,
                        std::string_view nullable_key, std::string_view name, int depth) {
  const auto json = object.Get(type_key);
  if (!json) return Fail(ErrorKind::kCorrupt, "a nested type without {}", type_key);
  Field part;
  part.name = std::string(name);
  SLUICE_ASSIGN_OR_RETURN(part.type, ParseType(*json, depth + 1));
  part.nullable = false;
  if (!nullable_key.empty()) {
    SLUICE_ASSIGN_OR_RETURN(const auto nullable, object.Bool(nullable_key));
    part.nullable = nullable.value_or(true);
  }
  return part;
}

Result<DataType> ParseType(element json, int depth) {
  if (depth > kMaxDepth) return Fail(ErrorKind::kCorrupt, "types nested too deep");
  std::string_view name;
  if (json.get(name) == simdjson::SUCCESS) return ParsePrimitive(name, json);
  SLUICE_ASSIGN_OR_RETURN(const JsonObject object, JsonObject::From(json, "data type"));
  SLUICE_ASSIGN_OR_RETURN(const std::string kind, object.RequiredString("type"));
  DataType type;
  if (kind == "struct") {
    type.id = TypeId::kStruct;
    SLUICE_ASSIGN_OR_RETURN(type.fields, ParseFields(object, depth));
  } else if (kind == "array") {
    type.id = TypeId::kArray;
    SLUICE_ASSIGN_OR_RETURN(Field part,
                            ParsePart(object, "elementType", "containsNull", "element", depth));
    type.fields.push_back(std::move(part));
  } else if (kind == "map") {
    type.id = TypeId::kMap;
    SLUICE_ASSIGN_OR_RETURN(Field key, ParsePart(object, "keyType", "", "key", depth));
    SLUICE_ASSIGN_OR_RETURN(Field value,
                            ParsePart(object, "valueType", "valueContainsNull", "value", depth));
    type.fields.push_back(std::move(key));
    type.fields.push_back(std::move(value));
  } else {
    return ParsePrimitive(kind, json);
  }
  return type;
}

std::string FieldsToJson(const std::vector<Field>& fields);

std::string TypeToJson(const DataType& type) {
  switch (type.id) {
    case TypeId::kDecimal:
      return fmt::format("\"decimal({},{})\"", type.precision, type.scale);
    case TypeId::kStruct:
      return fmt::format(R"({{"type":"struct","fields":{}}})", FieldsToJson(type.fields));
    case TypeId::kArray:
      return fmt::format(R"({{"type":"array","elementType":{},"containsNull":{}}})",
                         TypeToJson(type.fields[0].type), type.fields[0].nullable);
    case TypeId::kMap:
      return fmt::format(R"({{"type":"map","keyType":{},"valueType":{},"valueContainsNull":{}}})",
                         TypeToJson(type.fields[0].type), TypeToJson(type.fields[1].type),
                         type.fields[1].nullable);
    case TypeId::kUnknown:
      return type.unknown;
    default:
      for (const PrimitiveName& primitive : kPrimitives) {
        if (primitive.id == type.id) return Quoted(primitive.json);
      }
      return "\"void\"";
  }
}

std::string FieldsToJson(const std::vector<Field>& fields) {
  std::string json = "[";
  for (const Field& field : fields) {
    if (json.size() > 1) json += ',';
    json +=
        fmt::format(R"({{"name":{},"type":{},"nullable":{},"metadata":{}}})", Quoted(field.name),
                    TypeToJson(field.type), field.nullable, field.metadata_json);
  }
  return json + "]";
}

size_t CountFields(const std::vector<Field>& fields) {
  size_t count = fields.size();
  for (const Field& field : fields) count += CountFields(field.type.fields);
  return count;
}

Status RequireUniqueNames(const std::vector<Field>& fields) {
  std::unordered_set<std::string> seen;
  for (const Field& field : fields) {
    if (!seen.insert(FoldColumnName(field.name)).second) {
      return Fail(Error{
          ErrorKind::kCorrupt,
          fmt::format("two columns are named '{}' (names differ by case at most)", field.name),
          "rename one of them in the source"});
    }
  }
  return {};
}

}  // namespace

bool DataType::operator==(const DataType& other) const {
  return id == other.id && precision == other.precision && scale == other.scale &&
         fields == other.fields && unknown == other.unknown;
}

std::string DataType::ToString() const {
  switch (id) {
    case TypeId::kDecimal:
      return fmt::format("decimal({},{})", precision, scale);
    case TypeId::kArray:
      return fmt::format("array<{}>", fields[0].type.ToString());
    case TypeId::kMap:
      return fmt::format("map<{},{}>", fields[0].type.ToString(), fields[1].type.ToString());
    case TypeId::kStruct: {
      std::string parts;
      for (const Field& field : fields) {
        if (!parts.empty()) parts += ',';
        parts += field.name + ":" + field.type.ToString();
      }
      return fmt::format("struct<{}>", parts);
    }
    case TypeId::kUnknown:
      // A name without its quotes; what only JSON can say as it is.
      return unknown.starts_with('"') && unknown.size() > 1 ? unknown.substr(1, unknown.size() - 2)
                                                            : unknown;
    default:
      for (const PrimitiveName& primitive : kPrimitives) {
        if (primitive.id == id) return std::string(primitive.message);
      }
      return "void";
  }
}

const Field* TableSchema::Find(std::string_view name) const {
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const Field& field) {
    return SameColumnName(field.name, name);
  });
  return found == fields.end() ? nullptr : &*found;
}

namespace {

void EraseVoid(std::vector<Field>& fields, bool of_struct) {
  for (Field& field : fields) {
    const bool is_struct = field.type.id == TypeId::kStruct;
    const bool had_fields = !field.type.fields.empty();
    EraseVoid(field.type.fields, is_struct);
    if (is_struct && had_fields && field.type.fields.empty()) field.type.id = TypeId::kVoid;
  }
  // Parts of arrays and maps cannot go.
  if (!of_struct) return;
  std::erase_if(fields, [](const Field& field) { return field.type.id == TypeId::kVoid; });
}

}  // namespace

TableSchema WithoutVoid(TableSchema schema) {
  EraseVoid(schema.fields, /*of_struct=*/true);
  return schema;
}

bool HasUnknownType(const DataType& type) {
  return type.id == TypeId::kUnknown ||
         std::any_of(type.fields.begin(), type.fields.end(),
                     [](const Field& field) { return HasUnknownType(field.type); });
}

TableSchema WithoutMetadata(TableSchema schema) {
  const auto clear = [](std::vector<Field>& fields, const auto& self) -> void {
    for (Field& field : fields) {
      field.metadata_json = "{}";
      self(field.type.fields, self);
    }
  };
  clear(schema.fields, clear);
  return schema;
}

Result<TableSchema> ParseSchema(std::string_view schema_string) {
  JsonParser parser;
  SLUICE_ASSIGN_OR_RETURN(const element root, parser.Parse(schema_string, "table schema"));
  if (!root.is_object()) return Fail(ErrorKind::kCorrupt, "table schema: not a JSON object");
  auto type = ParseType(root, 0);
  if (!type) return Fail(std::move(type).error().Within("table schema"));
  if (type->id != TypeId::kStruct) {
    return Fail(ErrorKind::kCorrupt, "table schema: {} where a struct is due", type->ToString());
  }
  if (CountFields(type->fields) > kMostFields) {
    return Fail(ErrorKind::kCorrupt,
                "table schema: it has more than {} columns and parts of columns, the most that "
                "sluice reads",
                kMostFields);
  }
  if (auto unique = RequireUniqueNames(type->fields); !unique) {
    return Fail(std::move(unique).error().Within("table schema"));
  }
  return TableSchema{std::move(type->fields)};
}

DataType ParsePrimitiveType(std::string_view name) {
  if (auto known = KnownPrimitive(name)) return *std::move(known);
  return DataType{TypeId::kUnknown, 0, 0, {}, Quoted(name)};
}

std::string SchemaToJson(const TableSchema& schema) {
  return fmt::format(R"({{"type":"struct","fields":{}}})", FieldsToJson(schema.fields));
}

}  // namespace sluice::delta
