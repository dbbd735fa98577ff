#include "sluice/delta/schema/statistics.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/base/time_zone.h"
#include "sluice/delta/schema/json_object.h"
#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// A scalar; nested objects (statistics of structs), null and booleans are not bounds.
StatisticValue ReadBound(element value) {
  switch (value.type()) {
    case element_type::INT64:
      return value.get_int64().value_unsafe();
    case element_type::DOUBLE:
      return value.get_double().value_unsafe();
    case element_type::STRING:
      return std::string(value.get_string().value_unsafe());
    default:
      return {};
  }
}

std::optional<int64_t> ReadCount(element value) {
  int64_t count = 0;
  if (value.get(count) != simdjson::SUCCESS || count < 0) return std::nullopt;
  return count;
}

// Calls `read(value, i)` for every column i of `names` that the object `key` of `root` has.
template <typename Reader>
void ForEachColumn(simdjson::dom::object root, std::string_view key,
                   const std::vector<std::string>& names, Reader read) {
  simdjson::dom::object object;
  if (names.empty() || root.at_key(key).get(object) != simdjson::SUCCESS) return;
  // Bounds stand under the names that writers gave the columns; of two that differ by case none is certain.
  std::vector<std::vector<element>> found(names.size());
  for (const auto& [name, value] : object) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (SameColumnName(names[i], name)) found[i].push_back(value);
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (found[i].size() == 1) read(found[i].front(), i);
  }
}

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53

StatisticValue TypeInteger(const StatisticValue& bound) {
  if (const double* real = std::get_if<double>(&bound)) {
    if (*real != std::trunc(*real) || std::abs(*real) > kExactIntegers) return {};
    return static_cast<int64_t>(*real);
  }
  return std::holds_alternative<int64_t>(bound) ? bound : StatisticValue();
}

StatisticValue TypeReal(const StatisticValue& bound) {
  double value = std::numeric_limits<double>::quiet_NaN();
  if (const auto* integer = std::get_if<int64_t>(&bound)) {
    value = static_cast<double>(*integer);
  } else if (const auto* real = std::get_if<double>(&bound)) {
    value = *real;
  } else if (const auto* text = std::get_if<std::string>(&bound)) {
    std::from_chars(text->data(), text->data() + text->size(), value);  // "Infinity"
  }
  return std::isnan(value) ? StatisticValue() : StatisticValue(value);
}

StatisticValue TypeTimestamp(const StatisticValue& bound) {
  const auto* text = std::get_if<std::string>(&bound);
  if (text == nullptr) return {};
  const Result<Timestamp> instant = ParseTimestamp(*text, TimeZone::Utc());
  return instant ? StatisticValue(instant->micros) : StatisticValue();
}

// Of a TIMESTAMP: without an offset nobody knows in which zone the writer meant it.
StatisticValue TypeInstant(const StatisticValue& bound) {
  static const TimeZone other = TimeZone::Find("+01:00").value_or(TimeZone::Utc());
  const auto* text = std::get_if<std::string>(&bound);
  if (text == nullptr) return {};
  if (text->ends_with('Z')) return TypeTimestamp(bound);
  const Result<Timestamp> there = ParseTimestamp(*text, other);
  const StatisticValue here = TypeTimestamp(bound);
  return there && here == StatisticValue(there->micros) ? here : StatisticValue();
}

StatisticValue TypeDate(const StatisticValue& bound) {
  const StatisticValue midnight = TypeTimestamp(bound);
  const auto* micros = std::get_if<int64_t>(&midnight);
  if (micros == nullptr || *micros % Days(1).micros != 0) return {};
  return *micros / Days(1).micros;
}

StatisticValue TypeBound(const StatisticValue& bound, const DataType& type) {
  switch (type.id) {
    case TypeId::kLong:
    case TypeId::kInteger:
    case TypeId::kShort:
    case TypeId::kByte:
      return TypeInteger(bound);
    case TypeId::kFloat:
    case TypeId::kDouble:
      return TypeReal(bound);
    case TypeId::kDate:
      return TypeDate(bound);
    case TypeId::kTimestamp:
      return TypeInstant(bound);
    case TypeId::kTimestampNtz:
      return TypeTimestamp(bound);
    case TypeId::kString:
      return std::holds_alternative<std::string>(bound) ? bound : StatisticValue();
    default:
      return {};
  }
}

bool IsTimestamp(const DataType& type) {
  return type.id == TypeId::kTimestamp || type.id == TypeId::kTimestampNtz;
}

}  // namespace

int64_t WidenedMax(int64_t micros) {
  constexpr int64_t kCut = 999;
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  return micros > kLast - kCut ? kLast : micros + kCut;
}

RawStatistics ExtractStatistics(std::string_view stats, const std::vector<std::string>& names) {
  RawStatistics raw;
  raw.columns.resize(names.size());
  if (stats.empty()) return raw;
  thread_local JsonParser parser;
  const auto document = parser.Parse(stats, "stats");
  simdjson::dom::object root;
  if (!document || document->get(root) != simdjson::SUCCESS) return raw;
  element value;
  if (root.at_key("numRecords").get(value) == simdjson::SUCCESS) raw.num_records = ReadCount(value);
  bool tight = true;
  if (root.at_key("tightBounds").get(tight) == simdjson::SUCCESS) raw.tight_bounds = tight;
  ForEachColumn(root, "minValues", names,
                [&](element bound, size_t i) { raw.columns[i].min = ReadBound(bound); });
  ForEachColumn(root, "maxValues", names,
                [&](element bound, size_t i) { raw.columns[i].max = ReadBound(bound); });
  ForEachColumn(root, "nullCount", names,
                [&](element count, size_t i) { raw.columns[i].null_count = ReadCount(count); });
  return raw;
}

FileStatistics TypeStatistics(const RawStatistics& raw, const std::vector<Field>& columns) {
  FileStatistics stats;
  stats.num_records = raw.num_records;
  stats.columns.resize(columns.size());
  for (size_t i = 0; i < columns.size() && i < raw.columns.size(); ++i) {
    const ColumnStatistics& from = raw.columns[i];
    ColumnStatistics& to = stats.columns[i];
    to.min = TypeBound(from.min, columns[i].type);
    to.max = TypeBound(from.max, columns[i].type);
    if (IsTimestamp(columns[i].type) && std::holds_alternative<int64_t>(to.max)) {
      to.max = WidenedMax(std::get<int64_t>(to.max));
    }
    // With wide bounds only "none" and "all" say anything (PROTOCOL.md, "Per-file Statistics").
    const bool telling = raw.tight_bounds || from.null_count == 0 ||
                         (from.null_count && from.null_count == raw.num_records);
    if (telling) to.null_count = from.null_count;
  }
  return stats;
}

FileStatistics ParseStatistics(std::string_view stats, const std::vector<Field>& columns) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const Field& column : columns) names.emplace_back(PhysicalName(column));
  return TypeStatistics(ExtractStatistics(stats, names), columns);
}

}  // namespace sluice::delta
