#include "sluice/delta/schema/column_mapping.h"

#include <gtest/gtest.h>

#include "sluice/delta/schema/physical_column.h"
#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

constexpr std::string_view kSchema = R"({"type":"struct","fields":[
  {"name":"id","type":"long","nullable":true,
   "metadata":{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-a"}},
  {"name":"place","nullable":true,
   "type":{"type":"array","containsNull":true,"elementType":{"type":"struct","fields":[
     {"name":"city","type":"string","nullable":true,
      "metadata":{"delta.columnMapping.id":3,"delta.columnMapping.physicalName":"col-a"}}]}},
   "metadata":{"delta.columnMapping.id":2}}]})";

const Field& City(const TableSchema& schema) {
  return schema.fields[1].type.fields[0].type.fields[0];
}

TEST(ColumnMapping, ByNameFilesUsePhysicalNamesOnEveryLevel) {
  auto schema = ParseSchema(kSchema).value();
  ASSERT_THAT(MapColumns(schema, ColumnMappingMode::kName), IsOk());
  EXPECT_EQ(PhysicalName(schema.fields[0]), "col-a");
  EXPECT_EQ(PhysicalName(schema.fields[1]), "place") << "it has none of its own";
  EXPECT_EQ(PhysicalName(City(schema)), "col-a");
  EXPECT_EQ(City(schema).field_id, std::nullopt);
}

TEST(ColumnMapping, ByIdEveryColumnHasOne) {
  auto schema = ParseSchema(kSchema).value();
  ASSERT_THAT(MapColumns(schema, ColumnMappingMode::kId), IsOk());
  EXPECT_EQ(schema.fields[1].field_id, 2);
  EXPECT_EQ(City(schema).field_id, 3);
}

TEST(ColumnMapping, WithoutModeTheMetadataOfColumnsMeansNothing) {
  auto schema = ParseSchema(kSchema).value();
  ASSERT_THAT(MapColumns(schema, ColumnMappingMode::kNone), IsOk());
  EXPECT_EQ(PhysicalName(schema.fields[0]), "id");
}

TEST(ColumnMapping, ByIdAColumnWithoutOneIsNamed) {
  auto schema = ParseSchema(R"({"type":"struct","fields":[
    {"name":"id","type":"long","nullable":true,"metadata":{}}]})")
                    .value();
  const auto mapped = MapColumns(schema, ColumnMappingMode::kId);
  EXPECT_THAT(mapped, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(mapped, HasMessage("'id'"));
}

TEST(ColumnMapping, NamesAndIdsThatCouldMeanTwoColumnsAreRefused) {
  const auto with = [](const std::string& a, const std::string& b) {
    return ParseSchema(R"({"type":"struct","fields":[{"name":"x","type":"long","metadata":)" + a +
                       R"(},{"name":"y","type":"long","metadata":)" + b + "}]}")
        .value();
  };
  auto same = with(R"({"delta.columnMapping.physicalName":"a"})",
                   R"({"delta.columnMapping.physicalName":"A"})");
  EXPECT_THAT(MapColumns(same, ColumnMappingMode::kName), IsError(ErrorKind::kUnsupported));
  auto of_another = with("{}", R"({"delta.columnMapping.physicalName":"x"})");
  EXPECT_THAT(MapColumns(of_another, ColumnMappingMode::kName), HasMessage("'x' and 'y'"));
  auto ids = with(R"({"delta.columnMapping.id":1})", R"({"delta.columnMapping.id":1})");
  EXPECT_THAT(MapColumns(ids, ColumnMappingMode::kId), HasMessage("one field id, 1"));
}

TEST(ColumnMapping, PhysicalNamesOutliveTheSchemasText) {
  auto schema = ParseSchema(kSchema).value();
  ASSERT_THAT(MapColumns(schema, ColumnMappingMode::kName), IsOk());
  auto again = ParseSchema(SchemaToJson(WithMappingOnly(schema))).value();
  ASSERT_THAT(MapColumns(again, ColumnMappingMode::kName), IsOk());
  EXPECT_EQ(PhysicalName(again.fields[0]), "col-a");
  EXPECT_EQ(PhysicalName(City(again)), "col-a");
}

TEST(ColumnMapping, ModesAreReadInAnyCaseAndUnknownOnesRefused) {
  EXPECT_EQ(ColumnMappingModeOf({}).value(), ColumnMappingMode::kNone);
  EXPECT_EQ(ColumnMappingModeOf({{"delta.columnMapping.mode", "Name"}}).value(),
            ColumnMappingMode::kName);
  EXPECT_THAT(ColumnMappingModeOf({{"delta.columnMapping.mode", "path"}}),
              IsError(ErrorKind::kUnsupported));
}

}  // namespace
}  // namespace sluice::delta
