#include "sluice/exporter/source/source_checks.h"

#include <gmock/gmock.h>

#include "sluice/delta/log/log_path.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"
#include "sluice/testing/table_builder.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

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

TEST(HoleTest, IsFoundSinceTheLastLookOnly) {
  const auto store = testing::MakeMemoryStore();
  testing::TableBuilder table(store);
  for (int64_t id = 1; id <= 4; ++id) table.Append({{.id = id}});
  const delta::Log log(store);
  EXPECT_THAT(RequireNoHole(log, std::nullopt, Version{4}), IsOk());
  ASSERT_THAT(store->Delete(delta::CommitKey(Version{2})), IsOk());
  EXPECT_THAT(RequireNoHole(log, std::nullopt, Version{4}), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(RequireNoHole(log, Version{0}, Version{4}), HasMessage("2"));
  EXPECT_THAT(RequireNoHole(log, Version{2}, Version{4}), IsOk()) << "an earlier run saw it";
}

}  // namespace
}  // namespace sluice::exporter
