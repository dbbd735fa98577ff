#include "sluice/delta/write/stored_rows.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

/// By which Arrow's Parquet writer learns a column's id.
constexpr const char* kArrowFieldId = "PARQUET:field_id";

Result<std::shared_ptr<arrow::Field>> StoredField(const Field& field, const arrow::Field& as_read);

/// `as_read`, the type of `field` in memory, with the names that files use.
Result<std::shared_ptr<arrow::DataType>> StoredType(
    const DataType& type, const std::shared_ptr<arrow::DataType>& as_read) {
  if (type.fields.empty()) return as_read;
  arrow::FieldVector parts;
  for (size_t i = 0; i < type.fields.size(); ++i) {
    const arrow::Field& part = type.id == TypeId::kMap
                                   ? *as_read->field(0)->type()->field(static_cast<int>(i))
                                   : *as_read->field(static_cast<int>(i));
    if (type.id == TypeId::kStruct) {
      SLUICE_ASSIGN_OR_RETURN(auto stored, StoredField(type.fields[i], part));
      parts.push_back(std::move(stored));
    } else {  // the parts of lists and maps have no names of their own
      SLUICE_ASSIGN_OR_RETURN(auto stored, StoredType(type.fields[i].type, part.type()));
      parts.push_back(part.WithType(std::move(stored)));
    }
  }
  switch (type.id) {
    case TypeId::kStruct:
      return arrow::struct_(std::move(parts));
    case TypeId::kArray:
      return arrow::list(std::move(parts[0]));
    default:
      return std::make_shared<arrow::MapType>(std::move(parts[0]), std::move(parts[1]));
  }
}

Result<std::shared_ptr<arrow::Field>> StoredField(const Field& field, const arrow::Field& as_read) {
  const auto metadata = nlohmann::json::parse(field.metadata_json, nullptr, false);
  const auto id = metadata.is_object() ? metadata.find("delta.columnMapping.id") : metadata.end();
  if (id == metadata.end() || !id->is_number_integer()) {
    return Fail(Error{ErrorKind::kUnsupported,
                      fmt::format("column '{}' has no delta.columnMapping.id", field.name),
                      "correct the table's column mapping with the program that wrote it"});
  }
  SLUICE_ASSIGN_OR_RETURN(auto type, StoredType(field.type, as_read.type()));
  return arrow::field(
      std::string(PhysicalName(field)), std::move(type), as_read.nullable(),
      arrow::key_value_metadata({kArrowFieldId}, {fmt::format("{}", id->get<int64_t>())}));
}

std::shared_ptr<arrow::Field> Nullable(const arrow::Field& field);

/// `type` with parts that may be null.
std::shared_ptr<arrow::DataType> Nullable(const std::shared_ptr<arrow::DataType>& type) {
  switch (type->id()) {
    case arrow::Type::STRUCT: {
      arrow::FieldVector parts;
      for (const auto& part : type->fields()) parts.push_back(Nullable(*part));
      return arrow::struct_(std::move(parts));
    }
    case arrow::Type::LIST:
      return arrow::list(Nullable(*type->field(0)));
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(Nullable(*map.key_field())->WithNullable(false),
                                              Nullable(*map.item_field()));
    }
    default:
      return type;
  }
}

std::shared_ptr<arrow::Field> Nullable(const arrow::Field& field) {
  return field.WithType(Nullable(field.type()))->WithNullable(true);
}

/// The same values under another type of the same shape.
std::shared_ptr<arrow::ArrayData> Retyped(const arrow::ArrayData& data,
                                          const std::shared_ptr<arrow::DataType>& type) {
  auto out = data.Copy();
  out->type = type;
  for (size_t i = 0; i < out->child_data.size(); ++i) {
    out->child_data[i] = Retyped(*out->child_data[i], type->field(static_cast<int>(i))->type());
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> AsStored(const arrow::Table& rows,
                                               const std::vector<Field>& mapped) {
  arrow::FieldVector fields = rows.schema()->fields();
  arrow::ChunkedArrayVector columns = rows.columns();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i < mapped.size()) {
      SLUICE_ASSIGN_OR_RETURN(fields[i], StoredField(mapped[i], *fields[i]));
    }
    fields[i] = Nullable(*fields[i]);
    arrow::ArrayVector chunks;
    for (const auto& chunk : columns[i]->chunks()) {
      chunks.push_back(arrow::MakeArray(Retyped(*chunk->data(), fields[i]->type())));
    }
    columns[i] = std::make_shared<arrow::ChunkedArray>(std::move(chunks), fields[i]->type());
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns), rows.num_rows());
}

}  // namespace sluice::delta
