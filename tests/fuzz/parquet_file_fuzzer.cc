#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <vector>

#include "fuzz_input.h"
#include "parquet_mutator.h"
#include "sluice/base/column_name.h"
#include "sluice/columnar/column_plan.h"
#include "sluice/columnar/parquet_file.h"
#include "sluice/columnar/row_group_reader.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/delta/read/row_group_bounds.h"

namespace {

using namespace sluice;
using columnar::Annotation;
using columnar::SchemaNode;
using Type = std::shared_ptr<arrow::DataType>;

// A type as which the column may be read.
Type TypeOf(const SchemaNode& node);

Type TypeOfGroup(const SchemaNode& node) {
  if (node.annotation.kind == Annotation::Kind::kList && !node.children.empty()) {
    const SchemaNode& repeated = node.children.front();
    return arrow::list(
        TypeOf(repeated.children.size() == 1 ? repeated.children.front() : repeated));
  }
  if (node.annotation.kind == Annotation::Kind::kMap && !node.children.empty() &&
      node.children.front().children.size() == 2) {
    const auto& entry = node.children.front().children;
    return arrow::map(TypeOf(entry[0]), TypeOf(entry[1]));
  }
  arrow::FieldVector fields{arrow::field("missing", arrow::int64())};
  for (const SchemaNode& child : node.children)
    fields.push_back(arrow::field(child.name, TypeOf(child)));
  return arrow::struct_(fields);
}

Type TypeOf(const SchemaNode& node) {
  using columnar::PhysicalType;
  switch (node.annotation.kind) {
    case Annotation::Kind::kDecimal:
      return arrow::decimal128(38, std::clamp(node.annotation.scale, 0, 38));
    case Annotation::Kind::kDate:
      return arrow::date32();
    case Annotation::Kind::kTimestamp:
      return arrow::timestamp(arrow::TimeUnit::MICRO, node.annotation.is_utc ? "UTC" : "");
    default:
      break;
  }
  switch (node.physical) {
    case PhysicalType::kGroup:
      return TypeOfGroup(node);
    case PhysicalType::kBoolean:
      return arrow::boolean();
    case PhysicalType::kInt32:
      return arrow::int32();
    case PhysicalType::kInt64:
      return arrow::int64();
    case PhysicalType::kInt96:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case PhysicalType::kFloat:
      return arrow::float32();
    case PhysicalType::kDouble:
      return arrow::float64();
    default:
      return node.annotation.kind == Annotation::Kind::kString ? arrow::utf8() : arrow::binary();
  }
}

// Bytes that are not UTF-8 stay what they are, as in Spark.
void RequireValid(const arrow::Array& built) {
  const arrow::Status valid = built.ValidateFull();
  fuzz::Require(valid.ok() || valid.message().find("Invalid UTF8") != std::string::npos,
                "what is built can be used");
}

void ReadColumn(const columnar::ParquetFile& file, const SchemaNode& node, const Type& type,
                bool is_variant = false) {
  auto wanted = columnar::WantedColumn::Named(node.name, type);
  wanted.is_variant = is_variant;
  const auto plan =
      columnar::ColumnPlan::Make(node, wanted, node.name, {SameColumnName, file.calendar});
  if (!plan) return;
  columnar::BatchLimit limit(1024);
  limit.most_bytes = int64_t{16} << 20;  // Arrow clears what it allocates
  constexpr int kMostBatches = 4;        // a short file may hold any number of NULLs
  int batches = 0;
  for (int group = 0; group < file.metadata->num_row_groups(); ++group) {
    (void)columnar::ReadRowGroup(
        file, group, plan->leaves(), limit, [&](const arrow::RecordBatch& batch) -> Status {
          SLUICE_ASSIGN_OR_RETURN(const auto built, plan->Build(batch.column(0)));
          RequireValid(*built);
          SLUICE_RETURN_IF_ERROR(columnar::HashRows(*arrow::RecordBatch::Make(
              arrow::schema({arrow::field("c", built->type())}), built->length(), {built})));
          if (++batches < kMostBatches) return {};
          return Fail(ErrorKind::kCancelled, "enough");
        });
  }
}

}  // namespace

// A data file: footer, pages and bounds, each column as its own type and as wider ones.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto store = fuzz::StoreWith("f.parquet", fuzz::Text(data, size));
  const auto file = columnar::OpenParquet(*store, "f.parquet");
  if (!file) return 0;
  int column = 0;
  for (const SchemaNode& node : file->schema->children) {
    const Type own = TypeOf(node);
    std::vector<Type> types{own};
    if (own->id() == arrow::Type::INT32)
      types.insert(types.end(), {arrow::int8(), arrow::int64(), arrow::float64()});
    for (const Type& type : types) ReadColumn(*file, node, type);
    if (node.physical == columnar::PhysicalType::kGroup) {
      ReadColumn(*file, node,
                 arrow::struct_({arrow::field("value", arrow::binary(), false),
                                 arrow::field("metadata", arrow::binary(), false)}),
                 /*is_variant=*/true);
    }
    for (int group = 0; group < file->metadata->num_row_groups(); ++group) {
      for (const char* type : {"long", "integer", "date", "timestamp"}) {
        (void)columnar::GuardParquet(file->name, [&]() -> Result<delta::RowGroupBounds> {
          return delta::ReadRowGroupBounds(*file, group, column, delta::ParsePrimitiveType(type));
        });
      }
    }
    ++column;
  }
  return 0;
}
