#include <arrow/type.h>
#include <fmt/format.h>

#include <utility>

#include "sluice/delta/schema/schema.h"

namespace sluice::delta {
namespace {

Result<std::shared_ptr<arrow::Field>> FieldToArrow(const Field& field) {
  auto type = ToArrow(field.type);
  if (!type) return Fail(std::move(type).error().Within("column '" + field.name + "'"));
  return arrow::field(field.name, *std::move(type), field.nullable);
}

Result<arrow::FieldVector> FieldsToArrow(const std::vector<Field>& fields) {
  arrow::FieldVector out;
  out.reserve(fields.size());
  for (const Field& field : fields) {
    SLUICE_ASSIGN_OR_RETURN(auto converted, FieldToArrow(field));
    out.push_back(std::move(converted));
  }
  return out;
}

Result<std::shared_ptr<arrow::DataType>> NestedToArrow(const DataType& type) {
  SLUICE_ASSIGN_OR_RETURN(arrow::FieldVector parts, FieldsToArrow(type.fields));
  switch (type.id) {
    case TypeId::kArray:
      return arrow::list(parts.at(0));
    case TypeId::kMap:
      return std::make_shared<arrow::MapType>(parts.at(0)->WithNullable(false), parts.at(1));
    default:
      return arrow::struct_(parts);
  }
}

}  // namespace

Result<std::shared_ptr<arrow::DataType>> ToArrow(const DataType& type) {
  switch (type.id) {
    case TypeId::kString:
      return arrow::utf8();
    case TypeId::kLong:
      return arrow::int64();
    case TypeId::kInteger:
      return arrow::int32();
    case TypeId::kShort:
      return arrow::int16();
    case TypeId::kByte:
      return arrow::int8();
    case TypeId::kFloat:
      return arrow::float32();
    case TypeId::kDouble:
      return arrow::float64();
    case TypeId::kDecimal:
      return arrow::decimal128(type.precision, type.scale);
    case TypeId::kBoolean:
      return arrow::boolean();
    case TypeId::kBinary:
      return arrow::binary();
    case TypeId::kDate:
      return arrow::date32();
    case TypeId::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case TypeId::kTimestampNtz:
      return arrow::timestamp(arrow::TimeUnit::MICRO);
    case TypeId::kStruct:
    case TypeId::kArray:
    case TypeId::kMap:
      return NestedToArrow(type);
    case TypeId::kVariant:
      // As Spark's Parquet writer stores it; a NULL is a NULL of the struct.
      return arrow::struct_({arrow::field("value", arrow::binary(), /*nullable=*/false),
                             arrow::field("metadata", arrow::binary(), /*nullable=*/false)});
    case TypeId::kUnknown:
      return Fail(Error{ErrorKind::kUnsupported,
                        fmt::format("type {} is unknown to this program", type.ToString()),
                        "leave the column out with `exclude`, or cast it in the source table"});
    case TypeId::kVoid:
      break;
  }
  return Fail(Error{ErrorKind::kUnsupported, "type void holds no values that Parquet could carry",
                    "leave the column out with `exclude`, or give it a type in the source table"});
}

Result<std::shared_ptr<arrow::Schema>> ToArrow(const TableSchema& schema) {
  SLUICE_ASSIGN_OR_RETURN(arrow::FieldVector fields, FieldsToArrow(schema.fields));
  return arrow::schema(std::move(fields));
}

}  // namespace sluice::delta
