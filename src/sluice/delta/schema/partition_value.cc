#include "sluice/delta/schema/partition_value.h"

#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include <charconv>
#include <type_traits>
#include <utility>

#include "sluice/base/time_zone.h"

namespace sluice::delta {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;

tl::unexpected<Error> NotA(std::string_view text, const DataType& type) {
  return Fail(ErrorKind::kCorrupt, "partition value '{}' is no {}", text, type.ToString());
}

template <typename Number>
std::optional<Number> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

template <typename ScalarType>
Result<ScalarPtr> NumberScalar(std::string_view text, const DataType& type) {
  const auto value = ParseNumber<typename ScalarType::ValueType>(text);
  if (!value) return NotA(text, type);
  return std::make_shared<ScalarType>(*value);
}

template <typename Integer>
std::optional<Integer> TakeInteger(std::string_view& text) {
  Integer value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
  return value;
}

bool TakeChar(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

// "[+-]y-m-d", as Spark casts it; a time after it is dropped.
std::optional<int32_t> ParseDays(std::string_view text) {
  const bool negative = TakeChar(text, '-');
  if (!negative) TakeChar(text, '+');
  const auto year = TakeInteger<uint32_t>(text);
  if (!year || *year > 9'999'999 || !TakeChar(text, '-')) return std::nullopt;
  const auto month = TakeInteger<uint8_t>(text);
  if (!month || !TakeChar(text, '-')) return std::nullopt;
  const auto day = TakeInteger<uint8_t>(text);
  if (!day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  if (!text.empty() && text.front() != ' ' && text.front() != 'T') return std::nullopt;
  const int64_t signed_year = negative ? -static_cast<int64_t>(*year) : int64_t{*year};
  const int64_t days = DaysFromCivil(signed_year, *month, *day);
  if (CivilFromDays(days).day != *day) return std::nullopt;
  if (days < INT32_MIN || days > INT32_MAX) return std::nullopt;
  return static_cast<int32_t>(days);
}

Result<ScalarPtr> DecimalScalar(std::string_view text, const DataType& type) {
  arrow::Decimal128 value;
  int32_t precision = 0, scale = 0;
  if (!arrow::Decimal128::FromString(text, &value, &precision, &scale).ok()) {
    return NotA(text, type);
  }
  auto rescaled = value.Rescale(scale, type.scale);
  if (!rescaled.ok() || !rescaled->FitsInPrecision(type.precision)) return NotA(text, type);
  return std::make_shared<arrow::Decimal128Scalar>(*rescaled,
                                                   arrow::decimal128(type.precision, type.scale));
}

Result<ScalarPtr> TimestampScalar(std::string_view text, const DataType& type) {
  const Result<Timestamp> instant = ParseTimestamp(text, TimeZone::Utc());
  if (!instant) return NotA(text, type);
  SLUICE_ASSIGN_OR_RETURN(auto arrow_type, ToArrow(type));
  return std::make_shared<arrow::TimestampScalar>(instant->micros, std::move(arrow_type));
}

}  // namespace

Result<ScalarPtr> ParsePartitionValue(const std::optional<std::string>& value,
                                      const DataType& type) {
  SLUICE_ASSIGN_OR_RETURN(const auto arrow_type, ToArrow(type));
  if (!value || value->empty()) return arrow::MakeNullScalar(arrow_type);
  const std::string_view text = *value;
  switch (type.id) {
    case TypeId::kString:
      return std::make_shared<arrow::StringScalar>(*value);
    case TypeId::kBinary:
      return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(*value));
    case TypeId::kLong:
      return NumberScalar<arrow::Int64Scalar>(text, type);
    case TypeId::kInteger:
      return NumberScalar<arrow::Int32Scalar>(text, type);
    case TypeId::kShort:
      return NumberScalar<arrow::Int16Scalar>(text, type);
    case TypeId::kByte:
      return NumberScalar<arrow::Int8Scalar>(text, type);
    case TypeId::kFloat:
      return NumberScalar<arrow::FloatScalar>(text, type);
    case TypeId::kDouble:
      return NumberScalar<arrow::DoubleScalar>(text, type);
    case TypeId::kDecimal:
      return DecimalScalar(text, type);
    case TypeId::kBoolean:
      if (text != "true" && text != "false") return NotA(text, type);
      return std::make_shared<arrow::BooleanScalar>(text == "true");
    case TypeId::kDate: {
      const auto days = ParseDays(text);
      if (!days) return NotA(text, type);
      return std::make_shared<arrow::Date32Scalar>(*days);
    }
    case TypeId::kTimestamp:
    case TypeId::kTimestampNtz:
      return TimestampScalar(text, type);
    case TypeId::kVoid:
    case TypeId::kStruct:
    case TypeId::kArray:
    case TypeId::kMap:
      break;
  }
  return Fail(ErrorKind::kCorrupt, "type {} can't be partitioned by", type.ToString());
}

}  // namespace sluice::delta
