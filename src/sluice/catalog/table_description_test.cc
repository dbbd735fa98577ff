#include "sluice/catalog/table_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/catalog/table_location.h"
#include "sluice/testing/matchers.h"

namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOkAnd;

Json Info(const std::string& member = {}, Json value = {}) {
  Json info{{"name", "events"},
            {"catalog_name", "main"},
            {"schema_name", "sales"},
            {"table_type", "EXTERNAL"},
            {"data_source_format", "DELTA"},
            {"storage_location", "s3://lake/events"},
            {"table_id", "an-id"}};
  if (!member.empty()) info[member] = std::move(value);
  return info;
}
/// "" where it can be exported.
std::string RefusalWith(const std::string& member, Json value) {
  const auto table = ReadTableInfo(Info(member, std::move(value)));
  if (!table) return table.error().message;
  const auto refusal = RefusalOf(*table);
  return refusal ? refusal->what + " / " + refusal->remedy : std::string();
}

TEST(TableDescriptionTest, DeltaTableIsRead) {
  const auto table = ReadTableInfo(Info("properties", {{"a", "1"}, {"b", 2}}));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->name.ToString(), "main.sales.events");
  EXPECT_EQ(table->id, "an-id");
  EXPECT_EQ(table->properties, (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_FALSE(RefusalOf(*table));
  EXPECT_FALSE(IsCatalogManaged(*table));
}

TEST(TableDescriptionTest, WhatIsNotADeltaTableIsRefusedByName) {
  EXPECT_THAT(RefusalWith("table_type", "VIEW"), HasSubstr("a view / copy its rows"));
  EXPECT_THAT(RefusalWith("table_type", "MATERIALIZED_VIEW"), HasSubstr("a materialized view"));
  EXPECT_THAT(RefusalWith("table_type", "STREAMING_TABLE"), HasSubstr("a streaming table"));
  EXPECT_THAT(RefusalWith("table_type", "FOREIGN"), HasSubstr("a foreign table"));
  EXPECT_THAT(RefusalWith("table_type", "METRIC_VIEW"), HasSubstr("a metric view"));
  EXPECT_THAT(RefusalWith("table_type", "EXTERNAL_SHALLOW_CLONE"), HasSubstr("deep clone"));
  EXPECT_THAT(RefusalWith("table_type", "OF_NEXT_YEAR"), HasSubstr("'OF_NEXT_YEAR'"));
  EXPECT_THAT(RefusalWith("data_source_format", "ICEBERG"), HasSubstr("ICEBERG, not Delta"));
  EXPECT_THAT(RefusalWith("data_source_format", "DELTASHARING"), HasSubstr("Delta share"));
  EXPECT_THAT(RefusalWith("securable_kind", "TABLE_DELTASHARING"), HasSubstr("Delta share"));
}

TEST(TableDescriptionTest, FiltersAndMasksAreRefused) {
  EXPECT_THAT(RefusalWith("row_filter", {{"function_name", "f"}}), HasSubstr("a row filter"));
  const Json masked =
      Json::array({{{"name", "id"}}, {{"name", "ssn"}, {"mask", {{"function_name", "f"}}}}});
  EXPECT_THAT(RefusalWith("columns", masked), HasSubstr("column masks"));
  EXPECT_EQ(RefusalWith("row_filter", nullptr), "");
  EXPECT_EQ(RefusalWith("row_filter", Json::object()), "");
}

TEST(TableDescriptionTest, OtherCloudsAreRefusedByName) {
  EXPECT_THAT(RefusalWith("storage_location", "abfss://c@a.dfs.core.windows.net/t"),
              HasSubstr("Azure storage"));
  EXPECT_THAT(RefusalWith("storage_location", "gs://b/t"), HasSubstr("Google Cloud Storage"));
  EXPECT_THAT(RefusalWith("storage_location", nullptr), HasSubstr("does not name"));
}

TEST(TableDescriptionTest, ManagedTablesSayItInTheirProperties) {
  for (const char* feature :
       {"delta.feature.catalogManaged", "delta.feature.catalogOwned-preview"}) {
    EXPECT_TRUE(IsCatalogManaged(*ReadTableInfo(Info("properties", {{feature, "supported"}}))));
    EXPECT_FALSE(IsCatalogManaged(*ReadTableInfo(Info("properties", {{feature, "no"}}))));
  }
}

TEST(TableDescriptionTest, AnswerAboutNoTableIsCorrupt) {
  EXPECT_THAT(ReadTableInfo(Json::object()), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadTableInfo(Info("name", 7)), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadTableMetadata(Json::object(), {}), IsError(ErrorKind::kCorrupt));
}

// --- Locations

TEST(TableLocationTest, SchemesOfS3AreOne) {
  for (const char* written :
       {"s3://lake/a b", "s3a://lake/a b", "S3N://lake/a b/", "s3://lake/a b//"}) {
    EXPECT_THAT(ToLocation(written), IsOkAnd("s3://lake/a b")) << written;
  }
}

TEST(TableLocationTest, FoldersArePaths) {
  for (const char* written : {"file:///data/t", "file:/data/t", "/data/t/"}) {
    EXPECT_THAT(ToLocation(written), IsOkAnd("/data/t")) << written;
  }
}

TEST(TableLocationTest, WhatIsNoPlaceIsCorrupt) {
  for (const char* written : {"", "t", "s3:///t", "s3:t", "s3://b/../c", "s3://b/a\nb", "/a/..",
                              "file:s3:///t", "file://host/t"}) {
    EXPECT_THAT(ToLocation(written), IsError(ErrorKind::kCorrupt)) << written;
  }
  EXPECT_THAT(ToLocation("s3://b/../c"), HasMessage("steps out"));
  EXPECT_THAT(ToLocation("abfss://c@a/t"), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(ToLocation("abfss://c@a/t"), HasRemedy("copy the table to S3"));
}

TEST(TableLocationTest, PrefixCoversWholePartsOnly) {
  EXPECT_TRUE(Covers("s3://lake/a", "s3://lake/a"));
  EXPECT_TRUE(Covers("s3://lake/a", "s3://lake/a/b"));
  EXPECT_TRUE(Covers("s3://lake", "s3://lake/a"));
  EXPECT_FALSE(Covers("s3://lake/a", "s3://lake/ab"));
  EXPECT_FALSE(Covers("s3://lake/a/b", "s3://lake/a"));
}

}  // namespace
}  // namespace sluice::catalog
