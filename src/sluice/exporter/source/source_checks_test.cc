#include "sluice/exporter/source/source_checks.h"

#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;

std::string Schema(const std::string& columns) {
  return R"({"type":"struct","fields":[)" + columns + "]}";
}
const std::string kId = R"({"name":"id","type":"long","nullable":true,"metadata":{}})";
const std::string kName = R"({"name":"name","type":"string","nullable":true,"metadata":{}})";

class SchemaChangeTest : public ::testing::Test {
 protected:
  SchemaChangeTest() {
    facts.position.exported_schema = Schema(kId);
    facts.exported_schema = Schema(kId + "," + kName);
  }

  config::Table table;
  plan::SourceFacts facts;
};

TEST_F(SchemaChangeTest, IsNotedOrFailsAsThePolicySays) {
  EXPECT_THAT(CheckSchemaChange(table, facts).value(), ElementsAre(HasSubstr("name")));
  table.on_schema_change = config::SchemaChange::kFail;
  EXPECT_THAT(CheckSchemaChange(table, facts), IsError(ErrorKind::kConflict));
  table.on_schema_change = config::SchemaChange::kIgnore;
  EXPECT_THAT(CheckSchemaChange(table, facts).value(), IsEmpty());
}

TEST_F(SchemaChangeTest, FirstExportAndOtherColumnsByTheConfigAreNone) {
  table.on_schema_change = config::SchemaChange::kFail;
  facts.column_choice = "columns:id,name";
  EXPECT_THAT(CheckSchemaChange(table, facts).value(), IsEmpty());
  facts.position = {};
  EXPECT_THAT(CheckSchemaChange(table, facts).value(), IsEmpty());
}

std::string Mapped(const std::string& name, const std::string& physical) {
  return R"({"name":")" + name + R"(","type":"timestamp","nullable":true,"metadata":)" +
         R"({"delta.columnMapping.physicalName":")" + physical + R"("}})";
}

TEST_F(SchemaChangeTest, AColumnThatTookAnothersNameIsNotTheSame) {
  facts.position.exported_schema = Schema(Mapped("id", "p1"));
  facts.exported_schema = Schema(Mapped("id", "p2"));
  table.on_schema_change = config::SchemaChange::kFail;
  EXPECT_THAT(CheckSchemaChange(table, facts), IsError(ErrorKind::kConflict));
}

TEST_F(SchemaChangeTest, MappingSwitchedOnChangesNothing) {
  facts.position.exported_schema = Schema(kId);
  facts.exported_schema = Schema(
      R"({"name":"id","type":"long","nullable":true,"metadata":{"delta.columnMapping.physicalName":"id"}})");
  table.on_schema_change = config::SchemaChange::kFail;
  EXPECT_THAT(CheckSchemaChange(table, facts).value(), IsEmpty());
}

TEST_F(SchemaChangeTest, AnotherWatermarkUnderItsNameIsRefusedWhateverThePolicy) {
  table.append().watermark = "at";
  table.on_schema_change = config::SchemaChange::kIgnore;
  facts.position.exported_schema = Schema(Mapped("at", "p1") + "," + Mapped("seen", "p2"));
  facts.exported_schema = Schema(Mapped("seen", "p1") + "," + Mapped("at", "p2"));
  const auto swapped = CheckSchemaChange(table, facts);
  EXPECT_THAT(swapped, IsError(ErrorKind::kConflict));
  EXPECT_THAT(swapped.error().remedy, HasSubstr("watermark: seen"));
  facts.exported_schema = Schema(Mapped("at", "p3"));
  EXPECT_THAT(CheckSchemaChange(table, facts).error().remedy, HasSubstr("state forget"));
}

}  // namespace
}  // namespace sluice::exporter
