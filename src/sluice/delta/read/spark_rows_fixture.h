#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sluice/base/time_zone.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/testing/source_dir.h"

/// Rows of the tables in tests/fixtures as JSON text, so that what Spark wrote down and what we
/// read can be compared. See tests/fixtures/README.md for the notation.
namespace sluice::delta {

using nlohmann::json;

inline const std::filesystem::path kFixtures = testing::SourceDir() / "tests" / "fixtures";

// Floating point numbers are compared by their bits, not by how somebody spelled them.
inline std::string Bits(double value) { return fmt::format("{:a}", value); }

inline json Expected(const json& value, const DataType& type) {
  if (value.is_null()) return value;
  json out;
  switch (type.id) {
    case TypeId::kFloat:
    case TypeId::kDouble:
      return Bits(std::stod(value.get<std::string>()));
    case TypeId::kStruct:
      for (const Field& field : type.fields) {
        out[field.name] = Expected(value.at(field.name), field.type);
      }
      return out;
    case TypeId::kArray:
      out = json::array();
      for (const json& entry : value) out.push_back(Expected(entry, type.fields[0].type));
      return out;
    case TypeId::kMap:
      out = json::array();
      for (const json& entry : value) {
        out.push_back(
            {Expected(entry[0], type.fields[0].type), Expected(entry[1], type.fields[1].type)});
      }
      return out;
    default:
      return value;
  }
}

inline std::string TimestampText(int64_t micros, bool utc) {
  const CivilTime t = TimeZone::Utc().ToCivil(Timestamp{micros});
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}{}", t.year, t.month, t.day, t.hour,
                     t.minute, t.second, t.micros, utc ? "Z" : "");
}

inline std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<uint8_t>(c));
  return text;
}

// With all its digits, never with an exponent.
inline std::string DecimalText(const arrow::Decimal128Array& array, int64_t row) {
  const auto scale =
      static_cast<size_t>(static_cast<const arrow::DecimalType&>(*array.type()).scale());
  std::string digits = arrow::Decimal128(array.GetValue(row)).ToIntegerString();
  const std::string sign = digits.starts_with('-') ? "-" : "";
  digits.erase(0, sign.size());
  if (scale == 0) return sign + digits;
  if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
  return sign + digits.insert(digits.size() - scale, ".");
}

inline json Actual(const arrow::Array& array, int64_t row);

inline json ActualList(const arrow::ListArray& lists, int64_t row) {
  json out = json::array();
  for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
    out.push_back(Actual(*lists.values(), i));
  }
  return out;
}

inline json ActualMap(const arrow::MapArray& maps, int64_t row) {
  json out = json::array();
  for (int64_t i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i) {
    out.push_back({Actual(*maps.keys(), i), Actual(*maps.items(), i)});
  }
  return out;
}

inline json ActualStruct(const arrow::StructArray& structs, int64_t row) {
  json out;
  for (int i = 0; i < structs.num_fields(); ++i) {
    out[structs.struct_type()->field(i)->name()] = Actual(*structs.field(i), row);
  }
  return out;
}

inline json Actual(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(row);
    case arrow::Type::INT8:
      return static_cast<const arrow::Int8Array&>(array).Value(row);
    case arrow::Type::INT16:
      return static_cast<const arrow::Int16Array&>(array).Value(row);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(row);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
    case arrow::Type::FLOAT:
      return Bits(static_cast<const arrow::FloatArray&>(array).Value(row));
    case arrow::Type::DOUBLE:
      return Bits(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::DECIMAL128:
      return DecimalText(static_cast<const arrow::Decimal128Array&>(array), row);
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(array).GetString(row);
    case arrow::Type::BINARY:
      return Hex(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::DATE32: {
      const CivilTime t = CivilFromDays(static_cast<const arrow::Date32Array&>(array).Value(row));
      return fmt::format("{:04}-{:02}-{:02}", t.year, t.month, t.day);
    }
    case arrow::Type::TIMESTAMP:
      return TimestampText(
          static_cast<const arrow::TimestampArray&>(array).Value(row),
          !static_cast<const arrow::TimestampType&>(*array.type()).timezone().empty());
    case arrow::Type::LIST:
      return ActualList(static_cast<const arrow::ListArray&>(array), row);
    case arrow::Type::MAP:
      return ActualMap(static_cast<const arrow::MapArray&>(array), row);
    case arrow::Type::STRUCT:
      return ActualStruct(static_cast<const arrow::StructArray&>(array), row);
    default:
      return "unexpected type " + array.type()->ToString();
  }
}

/// The lines of `file`, which must have the columns of `schema`, in order of their text.
inline std::vector<std::string> ExpectedRows(const std::filesystem::path& file,
                                             const TableSchema& schema) {
  std::vector<std::string> rows;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const json row = json::parse(line);
    json out;
    for (const Field& field : schema.fields) {
      out[field.name] = Expected(row.at(field.name), field.type);
    }
    rows.push_back(out.dump());
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

/// Appends one line a row of `batch`.
inline void RenderRows(const arrow::RecordBatch& batch, std::vector<std::string>& rows) {
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    json out;
    for (int c = 0; c < batch.num_columns(); ++c) {
      out[batch.column_name(c)] = Actual(*batch.column(c), row);
    }
    rows.push_back(out.dump());
  }
}

}  // namespace sluice::delta
