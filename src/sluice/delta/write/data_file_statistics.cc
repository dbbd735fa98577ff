#include <arrow/array.h>
#include <arrow/table.h>
#include <arrow/type.h>

#include <optional>

#include "sluice/base/time_zone.h"
#include "sluice/delta/log/action_json.h"
#include "sluice/delta/write/data_file_writer.h"

namespace sluice::delta {
namespace {

// Readers cut long strings to prefixes; a column with longer ones gets no bounds at all.
constexpr size_t kLongestString = 1024;
// Beyond these the four-digit year of RFC 3339 ends.
constexpr Timestamp kFirstText{-62'135'596'800'000'000};  // 0001-01-01
constexpr Timestamp kLastText{253'402'300'799'999'999};   // 9999-12-31

struct Bounds {
  ActionJson min, max;
};

// The smallest and largest of a column's values as `read` gives them; nullopt if there is none.
template <typename ArrayType, typename Value, typename Read>
std::optional<std::pair<Value, Value>> MinMax(const arrow::ChunkedArray& column, Read read) {
  std::optional<std::pair<Value, Value>> bounds;
  for (const auto& chunk : column.chunks()) {
    const auto& array = static_cast<const ArrayType&>(*chunk);
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) continue;
      const Value value = read(array, i);
      if (!bounds) bounds.emplace(value, value);
      if (value < bounds->first) bounds->first = value;
      if (bounds->second < value) bounds->second = value;
    }
  }
  return bounds;
}

template <typename ArrayType>
std::optional<Bounds> IntegerBounds(const arrow::ChunkedArray& column) {
  const auto found = MinMax<ArrayType, int64_t>(
      column, [](const ArrayType& a, int64_t i) { return static_cast<int64_t>(a.Value(i)); });
  if (!found) return std::nullopt;
  return Bounds{found->first, found->second};
}

std::optional<Bounds> StringBounds(const arrow::ChunkedArray& column) {
  const auto found = MinMax<arrow::StringArray, std::string_view>(
      column, [](const arrow::StringArray& a, int64_t i) { return a.GetView(i); });
  if (!found || found->first.size() > kLongestString || found->second.size() > kLongestString) {
    return std::nullopt;
  }
  return Bounds{std::string(found->first), std::string(found->second)};
}

std::string FormatMillis(Timestamp t) {
  const int64_t over = ((t.micros % 1000) + 1000) % 1000;
  std::string text = FormatTimestamp(Timestamp{t.micros - over});
  if (text.find('.') == std::string::npos) text.insert(text.size() - 1, ".000");
  return text;
}

std::optional<Bounds> TimestampBounds(const arrow::ChunkedArray& column) {
  const auto found = MinMax<arrow::TimestampArray, int64_t>(
      column, [](const arrow::TimestampArray& a, int64_t i) { return a.Value(i); });
  if (!found || Timestamp{found->first} < kFirstText || kLastText < Timestamp{found->second}) {
    return std::nullopt;
  }
  return Bounds{FormatMillis(Timestamp{found->first}), FormatMillis(Timestamp{found->second})};
}

std::optional<Bounds> BoundsOf(const arrow::ChunkedArray& column) {
  const arrow::DataType& type = *column.type();
  switch (type.id()) {
    case arrow::Type::INT8:
      return IntegerBounds<arrow::Int8Array>(column);
    case arrow::Type::INT16:
      return IntegerBounds<arrow::Int16Array>(column);
    case arrow::Type::INT32:
      return IntegerBounds<arrow::Int32Array>(column);
    case arrow::Type::INT64:
      return IntegerBounds<arrow::Int64Array>(column);
    case arrow::Type::STRING:
      return StringBounds(column);
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(type);
      const bool utc_micros =
          timestamp.unit() == arrow::TimeUnit::MICRO && !timestamp.timezone().empty();
      return utc_micros ? TimestampBounds(column) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

bool HasStatistics(const DataType& type) {
  switch (type.id) {
    case TypeId::kByte:
    case TypeId::kShort:
    case TypeId::kInteger:
    case TypeId::kLong:
    case TypeId::kString:
    case TypeId::kTimestamp:
      return true;
    default:
      return false;
  }
}

std::string StatisticsJson(const arrow::Table& rows, int columns) {
  ActionJson min = ActionJson::object(), max = ActionJson::object(),
             null_count = ActionJson::object();
  for (int i = 0; i < columns; ++i) {
    const arrow::ChunkedArray& column = *rows.column(i);
    if (column.type()->num_fields() > 0) continue;  // nested
    const std::string& name = rows.field(i)->name();
    null_count[name] = column.null_count();
    if (const auto bounds = BoundsOf(column)) {
      min[name] = bounds->min;
      max[name] = bounds->max;
    }
  }
  ActionJson stats;
  stats["numRecords"] = rows.num_rows();
  stats["minValues"] = std::move(min);
  stats["maxValues"] = std::move(max);
  stats["nullCount"] = std::move(null_count);
  return Dump(stats);
}

}  // namespace sluice::delta
