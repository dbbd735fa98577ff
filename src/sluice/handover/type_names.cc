#include "sluice/handover/type_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

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

/// What a type without parts is called.
struct PlainNames {
  TypeId id;
  std::string_view spark, bigquery, snowflake;
};
constexpr std::array<PlainNames, 13> kPlainNames{{
    {TypeId::kString, "STRING", "STRING", "VARCHAR"},
    {TypeId::kLong, "BIGINT", "INT64", "NUMBER(38, 0)"},
    {TypeId::kInteger, "INT", "INT64", "NUMBER(38, 0)"},
    {TypeId::kShort, "SMALLINT", "INT64", "NUMBER(38, 0)"},
    {TypeId::kByte, "TINYINT", "INT64", "NUMBER(38, 0)"},
    {TypeId::kFloat, "FLOAT", "FLOAT64", "FLOAT"},
    {TypeId::kDouble, "DOUBLE", "FLOAT64", "FLOAT"},
    {TypeId::kBoolean, "BOOLEAN", "BOOL", "BOOLEAN"},
    {TypeId::kBinary, "BINARY", "BYTES", "BINARY"},
    {TypeId::kDate, "DATE", "DATE", "DATE"},
    {TypeId::kTimestamp, "TIMESTAMP", "TIMESTAMP", "TIMESTAMP_LTZ"},
    {TypeId::kTimestampNtz, "TIMESTAMP_NTZ", "DATETIME", "TIMESTAMP_NTZ"},
    {TypeId::kVariant, "STRUCT<metadata: BINARY, value: BINARY>",
     "STRUCT<metadata BYTES, value BYTES>", "OBJECT"},
}};

/// As Delta calls it where the readers have no such type.
std::string Plain(const DataType& type, std::string_view PlainNames::*name) {
  const auto found = std::find_if(kPlainNames.begin(), kPlainNames.end(),
                                  [&](const PlainNames& names) { return names.id == type.id; });
  return found == kPlainNames.end() ? type.ToString() : std::string((*found).*name);
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
    case TypeId::kDecimal:
      return Decimal("DECIMAL", type);
    case TypeId::kStruct:
      return Struct(type, ": ", SparkType);
    case TypeId::kArray:
      return fmt::format("ARRAY<{}>", SparkType(type.fields.front().type));
    case TypeId::kMap:
      return fmt::format("MAP<{}, {}>", SparkType(type.fields.front().type),
                         SparkType(type.fields.back().type));
    default:
      return Plain(type, &PlainNames::spark);
  }
}

std::string BigQueryType(const DataType& type) {
  switch (type.id) {
    case TypeId::kDecimal: {
      const bool numeric =
          type.scale <= kNumericScale && type.precision - type.scale <= kNumericWhole;
      return Decimal(numeric ? "NUMERIC" : "BIGNUMERIC", type);
    }
    case TypeId::kStruct:
      return Struct(type, " ", BigQueryType);
    case TypeId::kArray:
      return fmt::format("ARRAY<{}>", BigQueryType(type.fields.front().type));
    case TypeId::kMap:
      return fmt::format("ARRAY<STRUCT<key {}, value {}>>", BigQueryType(type.fields.front().type),
                         BigQueryType(type.fields.back().type));
    default:
      return Plain(type, &PlainNames::bigquery);
  }
}

std::string SnowflakeType(const DataType& type) {
  switch (type.id) {
    case TypeId::kDecimal:
      return Decimal("NUMBER", type);
    case TypeId::kArray:
      return "ARRAY";
    case TypeId::kStruct:
    case TypeId::kMap:
      return "OBJECT";
    default:
      return Plain(type, &PlainNames::snowflake);
  }
}

}  // namespace sluice::handover
