#include "sluice/delta/write/write_support.h"

#include <gtest/gtest.h>

namespace sluice::delta {
namespace {

Metadata WithProperties(std::map<std::string, std::string> configuration) {
  Metadata metadata;
  metadata.configuration = std::move(configuration);
  return metadata;
}

Metadata WithColumn(const std::string& column_metadata) {
  Metadata metadata;
  metadata.schema.fields = {
      Field{"total", DataType{TypeId::kLong, 0, 0, {}}, true, column_metadata}};
  return metadata;
}

void ExpectRefused(const Status& status, const std::vector<std::string>& named) {
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::kUnsupported);
  EXPECT_FALSE(status.error().remedy.empty());
  for (const std::string& text : named) {
    EXPECT_NE(status.error().message.find(text), std::string::npos) << status.error().message;
  }
}

TEST(CheckWritable, PlainTablesAndUnusedFeaturesAreFine) {
  EXPECT_TRUE(CheckWritable(Protocol{1, 2, {}, {}}, Metadata(), {}, "t"));
  EXPECT_TRUE(CheckWritable(Protocol{2, 6, {}, {}}, Metadata(), {}, "t"));
  EXPECT_TRUE(CheckWritable(
      Protocol{3,
               7,
               {"deletionVectors"},
               {"deletionVectors", "appendOnly", "invariants", "checkConstraints", "changeDataFeed",
                "generatedColumns", "inCommitTimestamp", "domainMetadata"}},
      WithProperties({{"delta.enableChangeDataFeed", "true"}, {"delta.appendOnly", "false"}}), {},
      "t"));
}

TEST(CheckWritable, AllDemandsAreNamedAtOnce) {
  ExpectRefused(CheckWritable(Protocol{3, 7, {"x"}, {"rowTracking", "somethingNew"}},
                              WithProperties({{"delta.appendOnly", "true"},
                                              {"delta.constraints.positive", "total > 0"},
                                              {"delta.enableRowTracking", "true"}}),
                              {}, "/lake/_export_state"),
                {"/lake/_export_state", "somethingNew", "delta.appendOnly",
                 "CHECK constraint 'positive'", "hidden columns have no name"});
}

TEST(CheckWritable, ColumnsWithRulesAreRefusedByName) {
  const Protocol protocol{1, 6, {}, {}};
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"delta.invariants":"{}"})", "an invariant on column 'total'"},
      {R"({"delta.generationExpression":"a+b"})", "a generation expression on column 'total'"},
      {R"({"delta.identity.start":1})", "identity values on column 'total'"},
      {R"({"CURRENT_DEFAULT":"0"})", "a default on column 'total'"}};
  for (const auto& [metadata, named] : cases) {
    ExpectRefused(CheckWritable(protocol, WithColumn(metadata), {}, "t"), {named});
  }
  EXPECT_TRUE(CheckWritable(protocol, WithColumn(R"({"comment":"fine"})"), {}, "t"));
}

TEST(CheckWritable, EveryFeatureIsKeptOrRefused) {
  for (const char* feature :
       {"allowColumnDefaults", "appendOnly", "changeDataFeed", "checkConstraints",
        "checkpointProtection", "clustering", "columnMapping", "deletionVectors", "domainMetadata",
        "generatedColumns", "identityColumns", "inCommitTimestamp", "invariants", "rowTracking",
        "timestampNtz", "typeWidening", "typeWidening-preview", "v2Checkpoint",
        "vacuumProtocolCheck"}) {
    EXPECT_TRUE(CheckWritable(Protocol{1, 7, {}, {feature}}, Metadata(), {}, "t")) << feature;
  }
  for (const char* feature : {"adaptiveMetadata-preview",
                              "catalogManaged",
                              "catalogOwned-preview",
                              "collations",
                              "collations-preview",
                              "columnMappingUsageTracking",
                              "coordinatedCommits-preview",
                              "geospatial",
                              "geospatial-dev",
                              "icebergCompatV1",
                              "icebergCompatV2",
                              "icebergCompatV3",
                              "icebergWriterCompatV1",
                              "icebergWriterCompatV3",
                              "materializePartitionColumns",
                              "redirectReaderWriter-preview",
                              "redirectWriterOnly-preview",
                              "timestampNanos",
                              "timestampWithoutTimezone",
                              "variantShredding",
                              "variantShredding-preview",
                              "variantType",
                              "variantType-preview"}) {
    ExpectRefused(CheckWritable(Protocol{1, 7, {}, {feature}}, Metadata(), {}, "t"), {feature});
  }
}

TEST(CheckWritable, LaterWriterVersionIsRefused) {
  ExpectRefused(CheckWritable(Protocol{3, 8, {}, {}}, Metadata(), {}, "t"), {"writer version 8"});
}

}  // namespace
}  // namespace sluice::delta
