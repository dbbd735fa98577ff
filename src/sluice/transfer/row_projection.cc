#include "sluice/transfer/row_projection.h"

#include <arrow/type.h>

#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/columnar/parquet_encoder.h"

namespace sluice::transfer {
namespace {

delta::Field AsNullable(delta::Field field, bool nullable = true) {
  field.nullable = nullable;
  std::vector<delta::Field>& parts = field.type.fields;
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_map_key = field.type.id == delta::TypeId::kMap && i == 0;
    parts[i] = AsNullable(std::move(parts[i]), !is_map_key);
  }
  return field;
}

}  // namespace

RowProjection RowProjection::OfWatermark(const plan::ExportTask& task) {
  RowProjection projection;
  projection.columns_.partition_columns = task.source_partition_columns;
  projection.columns_.zone = task.partitioning.timezone;
  if (const auto* watermark = plan::WatermarkOf(task)) {
    projection.watermark_ = projection.Add(*watermark);
  }
  return projection;
}

RowProjection RowProjection::OfOutput(const plan::ExportTask& task) {
  RowProjection projection;
  projection.columns_.partition_columns = task.source_partition_columns;
  projection.columns_.zone = task.partitioning.timezone;
  for (const delta::Field& field : task.output_fields) {
    projection.output_.push_back(projection.Add(field));
  }
  if (const auto* watermark = plan::WatermarkOf(task)) {
    projection.watermark_ = projection.Add(*watermark);
  }
  return projection;
}

int RowProjection::Add(const delta::Field& field) {
  for (size_t i = 0; i < columns_.fields.size(); ++i) {
    if (SameColumnName(columns_.fields[i].name, field.name)) return static_cast<int>(i);
  }
  columns_.fields.push_back(AsNullable(field));
  return static_cast<int>(columns_.fields.size()) - 1;
}

Result<std::shared_ptr<arrow::Schema>> OutputSchema(const plan::ExportTask& task) {
  delta::TableSchema schema;
  for (const delta::Field& field : task.output_fields) schema.fields.push_back(AsNullable(field));
  SLUICE_ASSIGN_OR_RETURN(auto arrow_schema, delta::ToArrow(schema));
  SLUICE_RETURN_IF_ERROR(columnar::CheckEncodable(*arrow_schema));
  return arrow_schema;
}

}  // namespace sluice::transfer
