#include "sluice/handover/type_names.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::handover {
namespace {

using delta::DataType;
using delta::Field;
using delta::TypeId;

/// Digits that fit into INT32 and INT64.
constexpr int kDigits32 = 9, kDigits64 = 18;
/// BigQuery's NUMERIC: 9 digits after the point, 29 before; BIGNUMERIC: 38 and 38.
constexpr int kNumericScale = 9, kNumericWhole = 29;

std::string Decimal(const char* name, const DataType& type) {
  return fmt::format("{}({}, {})", name, type.precision, type.scale);
}

/// "STRUCT<a: INT, b: STRING>" with `between` name and type.
template <typename Naming>
std::string Struct(const DataType& type, const char* between, const Naming& name) {
  std::string text = "STRUCT<";
  for (const Field& field : type.fields) {
    if (&field != type.fields.data()) text += ", ";
    text += field.name + between + name(field.type);
  }
  return text + ">";
}

std::string ParquetDecimal(const DataType& type) {
  const char* physical = type.precision <= kDigits32   ? "INT32"
                         : type.precision <= kDigits64 ? "INT64"
                                                       : "FIXED_LEN_BYTE_ARRAY";
  return fmt::format("{} (DECIMAL({}, {}))", physical, type.precision, type.scale);
}

}  // namespace

std::string ParquetType(const DataType& type, bool int96) {
  switch (type.id) {
    case TypeId::kString:
      return "BYTE_ARRAY (STRING)";
    case TypeId::kLong:
      return "INT64";
    case TypeId::kInteger:
      return "INT32";
    case TypeId::kShort:
      return "INT32 (INT 16)";
    case TypeId::kByte:
      return "INT32 (INT 8)";
    case TypeId::kFloat:
      return "FLOAT";
    case TypeId::kDouble:
      return "DOUBLE";
    case TypeId::kDecimal:
      return ParquetDecimal(type);
    case TypeId::kBoolean:
      return "BOOLEAN";
    case TypeId::kBinary:
      return "BYTE_ARRAY";
    case TypeId::kDate:
      return "INT32 (DATE)";
    case TypeId::kTimestamp:
      return int96 ? "INT96" : "INT64 (TIMESTAMP micros, UTC)";
    case TypeId::kTimestampNtz:
      return "INT64 (TIMESTAMP micros, local)";
    case TypeId::kVariant:
      return "group {metadata, value}";
    case TypeId::kStruct: {
      std::string text = "group {";
      for (const Field& field : type.fields) {
        if (&field != type.fields.data()) text += ", ";
        text += field.name + ": " + ParquetType(field.type, int96);
      }
      return text + "}";
    }
    case TypeId::kArray:
      return fmt::format("group (LIST of {})", ParquetType(type.fields.front().type, int96));
    case TypeId::kMap:
      return fmt::format("group (MAP of {} to {})", ParquetType(type.fields.front().type, int96),
                         ParquetType(type.fields.back().type, int96));
    case TypeId::kVoid:
    case TypeId::kUnknown:
      break;
  }
  return type.ToString();
}

std::string SparkType(const DataType& type) {
  switch (type.id) {
    case TypeId::kString:
      return "STRING";
    case TypeId::kLong:
      return "BIGINT";
    case TypeId::kInteger:
      return "INT";
    case TypeId::kShort:
      return "SMALLINT";
    case TypeId::kByte:
      return "TINYINT";
    case TypeId::kFloat:
      return "FLOAT";
    case TypeId::kDouble:
      return "DOUBLE";
    case TypeId::kDecimal:
      return Decimal("DECIMAL", type);
    case TypeId::kBoolean:
      return "BOOLEAN";
    case TypeId::kBinary:
      return "BINARY";
    case TypeId::kDate:
      return "DATE";
    case TypeId::kTimestamp:
      return "TIMESTAMP";
    case TypeId::kTimestampNtz:
      return "TIMESTAMP_NTZ";
    case TypeId::kVariant:
      return "STRUCT<metadata: BINARY, value: BINARY>";
    case TypeId::kStruct:
      return Struct(type, ": ", SparkType);
    case TypeId::kArray:
      return fmt::format("ARRAY<{}>", SparkType(type.fields.front().type));
    case TypeId::kMap:
      return fmt::format("MAP<{}, {}>", SparkType(type.fields.front().type),
                         SparkType(type.fields.back().type));
    case TypeId::kVoid:
    case TypeId::kUnknown:
      break;
  }
  return type.ToString();
}

std::string BigQueryType(const DataType& type) {
  switch (type.id) {
    case TypeId::kString:
      return "STRING";
    case TypeId::kLong:
    case TypeId::kInteger:
    case TypeId::kShort:
    case TypeId::kByte:
      return "INT64";
    case TypeId::kFloat:
    case TypeId::kDouble:
      return "FLOAT64";
    case TypeId::kDecimal: {
      const bool numeric =
          type.scale <= kNumericScale && type.precision - type.scale <= kNumericWhole;
      return Decimal(numeric ? "NUMERIC" : "BIGNUMERIC", type);
    }
    case TypeId::kBoolean:
      return "BOOL";
    case TypeId::kBinary:
      return "BYTES";
    case TypeId::kDate:
      return "DATE";
    case TypeId::kTimestamp:
      return "TIMESTAMP";
    case TypeId::kTimestampNtz:
      return "DATETIME";
    case TypeId::kVariant:
      return "STRUCT<metadata BYTES, value BYTES>";
    case TypeId::kStruct:
      return Struct(type, " ", BigQueryType);
    case TypeId::kArray:
      return fmt::format("ARRAY<{}>", BigQueryType(type.fields.front().type));
    case TypeId::kMap:
      return fmt::format("ARRAY<STRUCT<key {}, value {}>>", BigQueryType(type.fields.front().type),
                         BigQueryType(type.fields.back().type));
    case TypeId::kVoid:
    case TypeId::kUnknown:
      break;
  }
  return type.ToString();
}

std::string SnowflakeType(const DataType& type) {
  switch (type.id) {
    case TypeId::kString:
      return "VARCHAR";
    case TypeId::kLong:
    case TypeId::kInteger:
    case TypeId::kShort:
    case TypeId::kByte:
      return "NUMBER(38, 0)";
    case TypeId::kFloat:
    case TypeId::kDouble:
      return "FLOAT";
    case TypeId::kDecimal:
      return Decimal("NUMBER", type);
    case TypeId::kBoolean:
      return "BOOLEAN";
    case TypeId::kBinary:
      return "BINARY";
    case TypeId::kDate:
      return "DATE";
    case TypeId::kTimestamp:
      return "TIMESTAMP_LTZ";
    case TypeId::kTimestampNtz:
      return "TIMESTAMP_NTZ";
    case TypeId::kArray:
      return "ARRAY";
    case TypeId::kVariant:
    case TypeId::kStruct:
    case TypeId::kMap:
      return "OBJECT";
    case TypeId::kVoid:
    case TypeId::kUnknown:
      break;
  }
  return type.ToString();
}

}  // namespace sluice::handover
