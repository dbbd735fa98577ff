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

}  // namespace
}  // namespace sluice::exporter
