#include "fuzz_input.h"
#include "sluice/delta/schema/char_padding.h"
#include "sluice/delta/schema/column_mapping.h"
#include "sluice/delta/schema/physical_column.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/delta/schema/type_changes.h"

// A table's schema, and what the metadata of its fields says.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::delta;
  const auto schema = ParseSchema(sluice::fuzz::Text(data, size));
  if (!schema) return 0;
  const auto again = ParseSchema(SchemaToJson(*schema));
  sluice::fuzz::Require(again && *again == *schema, "a schema is written as it was read");
  (void)WithoutVoid(*schema);
  (void)ToArrow(*schema);
  (void)CheckTypeChanges(*schema);
  (void)DescribeSchemaChange(*schema, WithoutMetadata(*schema));
  for (const Field& field : schema->fields) (void)ReadCharLengths(field);
  for (const auto mode : {ColumnMappingMode::kName, ColumnMappingMode::kId}) {
    TableSchema mapped = *schema;
    if (!MapColumns(mapped, mode)) continue;
    for (const Field& field : mapped.fields) (void)ToWanted(field);
  }
  return 0;
}
