#include "sluice/delta/schema/partition_value.h"

#include <arrow/scalar.h>
#include <arrow/util/decimal.h>

#include <string_view>
#include <utility>

#include "sluice/delta/schema/spark_cast.h"

namespace sluice::delta {
namespace {

using ScalarPtr = std::shared_ptr<arrow::Scalar>;
using TypePtr = std::shared_ptr<arrow::DataType>;

template <typename ScalarType, typename Value>
ScalarPtr ScalarOf(const std::optional<Value>& value, const TypePtr& type) {
  if (!value) return arrow::MakeNullScalar(type);
  return std::make_shared<ScalarType>(static_cast<typename ScalarType::ValueType>(*value), type);
}

Result<ScalarPtr> Cast(std::string_view text, const DataType& type, const TypePtr& arrow_type,
                       const TimeZone& zone) {
  switch (type.id) {
    case TypeId::kString:
      return std::make_shared<arrow::StringScalar>(std::string(text));
    case TypeId::kBinary:
      return std::make_shared<arrow::BinaryScalar>(arrow::Buffer::FromString(std::string(text)));
    case TypeId::kBoolean:
      return ScalarOf<arrow::BooleanScalar>(CastToBoolean(text), arrow_type);
    case TypeId::kLong:
      return ScalarOf<arrow::Int64Scalar>(CastToInteger(text, 64), arrow_type);
    case TypeId::kInteger:
      return ScalarOf<arrow::Int32Scalar>(CastToInteger(text, 32), arrow_type);
    case TypeId::kShort:
      return ScalarOf<arrow::Int16Scalar>(CastToInteger(text, 16), arrow_type);
    case TypeId::kByte:
      return ScalarOf<arrow::Int8Scalar>(CastToInteger(text, 8), arrow_type);
    case TypeId::kFloat: {
      SLUICE_ASSIGN_OR_RETURN(const auto value, CastToFloat(text));
      return ScalarOf<arrow::FloatScalar>(value, arrow_type);
    }
    case TypeId::kDouble: {
      SLUICE_ASSIGN_OR_RETURN(const auto value, CastToDouble(text));
      return ScalarOf<arrow::DoubleScalar>(value, arrow_type);
    }
    case TypeId::kDecimal: {
      SLUICE_ASSIGN_OR_RETURN(const auto value, CastToDecimal(text, type.precision, type.scale));
      return ScalarOf<arrow::Decimal128Scalar>(value, arrow_type);
    }
    case TypeId::kDate:
      return ScalarOf<arrow::Date32Scalar>(CastToDate(text), arrow_type);
    case TypeId::kTimestamp: {
      SLUICE_ASSIGN_OR_RETURN(const auto value, CastToTimestamp(text, zone));
      return ScalarOf<arrow::TimestampScalar>(value ? std::optional(value->micros) : std::nullopt,
                                              arrow_type);
    }
    case TypeId::kTimestampNtz: {
      SLUICE_ASSIGN_OR_RETURN(const auto value, CastToTimestampNtz(text));
      return ScalarOf<arrow::TimestampScalar>(value, arrow_type);
    }
    case TypeId::kVariant:
    case TypeId::kVoid:
    case TypeId::kUnknown:
    case TypeId::kStruct:
    case TypeId::kArray:
    case TypeId::kMap:
      break;
  }
  return Fail(ErrorKind::kCorrupt, "a table cannot be partitioned by type {}", type.ToString());
}

}  // namespace

Result<ScalarPtr> ParsePartitionValue(const std::optional<std::string>& text, const DataType& type,
                                      const TimeZone& zone) {
  SLUICE_ASSIGN_OR_RETURN(const auto arrow_type, ToArrow(type));
  if (!text) return arrow::MakeNullScalar(arrow_type);
  auto value = Cast(*text, type, arrow_type, zone);
  if (value) return value;
  Error error = std::move(value).error();
  error.message =
      fmt::format("partition value '{}' of type {}: {}", *text, type.ToString(), error.message);
  error.remedy =
      "write the partition's value as Spark does, or leave the column out with `exclude`";
  return Fail(std::move(error));
}

}  // namespace sluice::delta
