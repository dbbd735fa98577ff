#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace arrow {
class DataType;
class Schema;
}  // namespace arrow

namespace sluice::delta {

/// PROTOCOL.md, "Schema Serialization Format" / "Primitive Types".
enum class TypeId {
  kString,
  kLong,
  kInteger,
  kShort,
  kByte,
  kFloat,
  kDouble,
  kDecimal,
  kBoolean,
  kBinary,
  kDate,
  kTimestamp,
  kTimestampNtz,
  kVariant,  ///< read as struct<metadata: binary, value: binary>
  kVoid,
  kStruct,
  kArray,
  kMap,
  kUnknown,  ///< of a newer Delta, or another writer's own
};

struct Field;

/// A Delta data type; nested ones hold their parts. Value type.
struct DataType {
  TypeId id = TypeId::kString;
  int precision = 0, scale = 0;  ///< kDecimal
  std::vector<Field> fields;     ///< kStruct; kArray: one "element"; kMap: "key", "value"
  std::string unknown = {};      ///< kUnknown: the type as the schema spells it, JSON
  bool operator==(const DataType&) const;
  /// As in a schema and in messages: "timestamp", "decimal(10,2)", "array<struct<a:int>>".
  std::string ToString() const;
};

struct Field {
  std::string name;
  DataType type;
  bool nullable = true;
  std::string metadata_json = "{}";  ///< the field's metadata object, verbatim
  std::string physical_name = {};  ///< under column mapping: its name in files; see PhysicalName()
  std::optional<int32_t> field_id =
      {};  ///< under column mapping by id: files have it under this id
  bool operator==(const Field&) const = default;
};

/// The columns of a table, in order. Names are unique without case.
struct TableSchema {
  std::vector<Field> fields;
  /// The field of that name, without case as Spark resolves names; nullptr if there is none.
  const Field* Find(std::string_view name) const;
  bool operator==(const TableSchema&) const = default;
};

/// `metaData.schemaString` and back. kCorrupt on bad JSON. A type that this program does not know is kept as
/// kUnknown: only who needs such a column fails (ToArrow).
Result<TableSchema> ParseSchema(std::string_view schema_string);
std::string SchemaToJson(const TableSchema& schema);

/// The type that a schema spells `name` ("integer", "decimal(10,2)"); kUnknown for any other text.
DataType ParsePrimitiveType(std::string_view name);

/// `schema` with the metadata of every field, nested ones included, left out: comments and generation
/// expressions may name columns that are not shared.
TableSchema WithoutMetadata(TableSchema schema);

/// `schema` as Spark reads it: without columns, and fields of structs, of type void, which no file holds; a
/// struct of nothing else goes as well. Those inside arrays and maps stay, and ToArrow refuses them.
TableSchema WithoutVoid(TableSchema schema);

/// True if the type, or one inside of it, is unknown.
bool HasUnknownType(const DataType& type);

/// timestamp is timestamp[us, UTC], timestamp_ntz timestamp[us]; decimals are decimal128; a variant is a struct
/// of binary metadata and value. kUnsupported, naming
/// the column, for void and unknown types.
Result<std::shared_ptr<arrow::DataType>> ToArrow(const DataType& type);
Result<std::shared_ptr<arrow::Schema>> ToArrow(const TableSchema& schema);

/// What became different, one phrase each ("column 'x' added", "column 'y' changed from int to
/// long", "column 'z' dropped"); empty when equal in names, order, types and nullability.
std::vector<std::string> DescribeSchemaChange(const TableSchema& before, const TableSchema& after);

/// True if rows written under `written` can be served as `read` without loss, as Spark judges it: every
/// column (and nested field) is still there, spelled and typed alike, and may be null where it might
/// have been. Added ones are null in old rows.
bool CanReadAs(const TableSchema& written, const TableSchema& read);

}  // namespace sluice::delta
