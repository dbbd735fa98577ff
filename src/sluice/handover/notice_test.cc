#include "sluice/handover/notice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/time_zone.h"
#include "sluice/handover/page.h"
#include "sluice/handover/type_names.h"
#include "sluice/testing/matchers.h"

namespace sluice::handover {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;

Timestamp At(const char* text) { return *ParseTimestamp(text, TimeZone::Utc()); }

/// One table of each pattern, none exported yet.
class NoticeTest : public ::testing::Test {
 protected:
  NoticeTest() {
    config_.destination.options.region = "eu-west-1";
    Add("main.sales.events", "events", config::AppendOptions{"at", config::StartNow{}, {}, {}});
    Add("main.crm.users", "users", config::CdcOptions{});
    Add("main.ref.countries", "countries", config::SnapshotOptions{});
  }
  void Add(const std::string& table, const std::string& name, config::PatternOptions options) {
    config::Table entry;
    entry.table = table;
    entry.name = name;
    entry.options = std::move(options);
    config_.tables.push_back(std::move(entry));
  }
  Result<Notice> TryMake(const char* now = "2026-01-02T00:00:00Z") {
    std::vector<TableFacts> all;
    for (const auto& table : config_.tables) {
      TableFacts facts;
      facts.table = &table;
      facts.columns = delta::ParseSchema(schema_)->fields;
      if (manifest_ && table.name == "events") facts.newest = manifest_;
      all.push_back(std::move(facts));
    }
    return MakeNotice(config_, *store::ParseLocation("s3://acme/out", "/"), all, At(now),
                      "sluice 1");
  }
  Notice Make(const char* now = "2026-01-02T00:00:00Z") {
    auto notice = TryMake(now);
    EXPECT_THAT(notice, IsOk());
    return *notice;
  }

  config::Config config_;
  std::string schema_ = R"json({"type": "struct", "fields": [
      {"name": "id", "type": "long", "nullable": false, "metadata": {}},
      {"name": "price", "type": "decimal(20,2)",
              "nullable" : true, "metadata" : {}}]
})json";
  std::optional<ledger::Manifest> manifest_;
};

TEST_F(NoticeTest, EachPatternHasItsFoldersAndColumns) {
  const Notice notice = Make();
  EXPECT_EQ(notice.url, "s3://acme/out/");
  EXPECT_THAT(notice.tables[0].layout,
              ElementsAre("events_incremental/dt=YYYY-MM-DD/hr=HH/*.parquet"));
  EXPECT_THAT(notice.tables[1].layout,
              ElementsAre("users_cdc/_commit_date=YYYY-MM-DD/*.parquet",
                          "users/snapshot_ts=YYYY-MM-DDTHH-MM-SSZ/*.parquet"));
  EXPECT_THAT(notice.tables[2].layout,
              ElementsAre("countries/snapshot_ts=YYYY-MM-DDTHH-MM-SSZ/*.parquet"));
  std::vector<std::string> names;
  for (const auto& column : notice.tables[1].columns) names.push_back(column.name);
  EXPECT_THAT(names, ElementsAre("id", "price", "_change_type", "_commit_version",
                                 "_commit_timestamp", "_commit_date", "snapshot_ts"));
  EXPECT_EQ(notice.tables[0].columns[1].bigquery, "NUMERIC(20, 2)");
  EXPECT_TRUE(notice.tables[0].columns.back().in_path);
}

TEST_F(NoticeTest, TheSchemaIsThatOfTheNewestManifest) {
  manifest_.emplace();
  manifest_->n = 7;
  manifest_->schema = nlohmann::json::parse(
      R"({"type": "struct", "fields": [{"name": "only", "type": "string", "nullable": true, "metadata": {}}]})");
  const Notice notice = Make();
  EXPECT_EQ(notice.tables[0].columns.front().name, "only");
  config_.tables[0].exclude = {"ONLY"};
  EXPECT_NE(Make().tables[0].columns.front().name, "only") << "what is kept back is not named";
  manifest_->schema = "nonsense";
  EXPECT_THAT(TryMake(), IsError(ErrorKind::kCorrupt));
}

TEST_F(NoticeTest, ComesBackFromItsJson) {
  Notice notice = Make();
  notice.since = At("2026-01-01T00:00:00Z");
  notice.changes = {"something"};
  const std::string text = ToJson(notice).dump();
  const auto back = ParseNotice(text, "notice.json");
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(ToJson(*back).dump(), text);
}

TEST_F(NoticeTest, WhatIsNotANoticeIsNamed) {
  EXPECT_THAT(ParseNotice("[]", "f"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParseNotice("{\"format\": 1, \"url\": 5}", "f"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParseNotice("{\"format\": 2}", "f"), IsError(ErrorKind::kUnsupported));
}

TEST_F(NoticeTest, ChangesAreTold) {
  const Notice before = Make("2026-01-01T00:00:00Z");
  config_.destination.options.region = "us-east-1";
  config_.tables[0].partition = config::Partition::kDaily;
  config_.tables.pop_back();
  Add("main.new.one", "one", config::SnapshotOptions{});
  schema_ = R"({"type": "struct", "fields": [
      {"name": "id", "type": "string", "nullable": false, "metadata": {}}]})";
  Notice notice = Make();
  TellChanges(before, notice);
  EXPECT_EQ(notice.since, before.made_at);
  EXPECT_THAT(
      notice.changes,
      ::testing::IsSupersetOf(
          {"region: us-east-1, before eu-west-1",
           "main.sales.events: type of column id: STRING, before BIGINT",
           "main.sales.events: column price dropped", "main.sales.events: column hr dropped",
           "main.new.one: new, pattern snapshot", "main.ref.countries: no longer exported"}));
}

TEST_F(NoticeTest, MadeAgainItTellsTheSameChanges) {
  const Notice first = Make("2026-01-01T00:00:00Z");
  config_.destination.options.region = "us-east-1";
  Notice second = Make();
  TellChanges(first, second);
  Notice third = Make("2026-01-03T00:00:00Z");
  TellChanges(second, third);
  EXPECT_EQ(third.changes, second.changes);
  EXPECT_EQ(third.since, first.made_at);
}

TEST_F(NoticeTest, TheFirstOneTellsNoChange) {
  EXPECT_THAT(ToMarkdown(MakePage(Make())), Not(HasSubstr("What changed")));
  Notice again = Make();
  TellChanges(Make(), again);
  EXPECT_THAT(again.changes, IsEmpty());
}

TEST_F(NoticeTest, NamesReachNoPageAsMarkup) {
  config_.tables[0].table = "<script>alert(1)</script>|`x`";
  const auto page = MakePage(Make());
  EXPECT_THAT(ToHtml(page, "<b>"), Not(HasSubstr("<script>")));
  EXPECT_THAT(ToHtml(page, "<b>"), HasSubstr("<title>&lt;b&gt;</title>"));
  EXPECT_THAT(ToMarkdown(page), HasSubstr("`` <script>alert(1)</script>\\|`x` ``"));
}

TEST(TypeNamesTest, NestedTypesAreNamedWhole) {
  const auto schema =
      delta::ParseSchema(R"({"type": "struct", "fields": [{"name": "a", "nullable": true,
      "metadata": {}, "type": {"type": "map", "keyType": "string", "valueContainsNull": true,
      "valueType": {"type": "array", "containsNull": true, "elementType": {"type": "struct", "fields": [
      {"name": "t", "type": "timestamp", "nullable": true, "metadata": {}}]}}}}]})");
  ASSERT_THAT(schema, IsOk());
  const auto& type = schema->fields[0].type;
  EXPECT_EQ(SparkType(type), "MAP<STRING, ARRAY<STRUCT<t: TIMESTAMP>>>");
  EXPECT_EQ(BigQueryType(type), "ARRAY<STRUCT<key STRING, value ARRAY<STRUCT<t TIMESTAMP>>>>");
  EXPECT_EQ(SnowflakeType(type), "OBJECT");
  EXPECT_EQ(ParquetType(type, true),
            "group (MAP of BYTE_ARRAY (STRING) to group (LIST of group {t: INT96}))");
}

TEST(TypeNamesTest, DecimalsTakeTheSmallestTypeThatHoldsThem) {
  const auto decimal = [](int precision, int scale) {
    delta::DataType type;
    type.id = delta::TypeId::kDecimal;
    type.precision = precision;
    type.scale = scale;
    return type;
  };
  EXPECT_EQ(ParquetType(decimal(9, 2), false), "INT32 (DECIMAL(9, 2))");
  EXPECT_EQ(ParquetType(decimal(18, 2), false), "INT64 (DECIMAL(18, 2))");
  EXPECT_EQ(ParquetType(decimal(19, 2), false), "FIXED_LEN_BYTE_ARRAY (DECIMAL(19, 2))");
  EXPECT_EQ(BigQueryType(decimal(38, 9)), "NUMERIC(38, 9)");
  EXPECT_EQ(BigQueryType(decimal(38, 8)), "BIGNUMERIC(38, 8)");
  EXPECT_EQ(BigQueryType(decimal(38, 10)), "BIGNUMERIC(38, 10)");
}

}  // namespace
}  // namespace sluice::handover
