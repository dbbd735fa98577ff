#include "sluice/delta/log/table_feature.h"

#include <gmock/gmock.h>

#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/testing/matchers.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

TEST(TableFeature, WhatIsReadIsReadable) {
  const Protocol protocol{
      3, 7, {"deletionVectors", "timestampNtz", "vacuumProtocolCheck", "columnMapping"}, {}};
  EXPECT_THAT(CheckReadable(protocol, {}, "t"), IsOk());
  EXPECT_THAT(CheckReadable(Protocol{2, 5, {}, {}}, Metadata{}, "t"), IsOk());
  EXPECT_THAT(CheckReadable(Protocol{1, 2, {}, {}}, Metadata{}, "t"), IsOk());
}

TEST(TableFeature, FeaturesWithTypesOfTheirOwnAreReadable) {
  for (const char* feature : {"geospatial", "geospatial-dev", "timestampNanos", "timestampNtz",
                              "typeWidening", "typeWidening-preview", "variantShredding",
                              "variantShredding-preview", "variantType", "variantType-preview"}) {
    EXPECT_THAT(CheckReadable(Protocol{3, 7, {feature}, {}}, {}, "t"), IsOk()) << feature;
  }
}

TEST(TableFeature, WriterFeaturesAreNoConcernOfAReader) {
  EXPECT_THAT(CheckReadable(Protocol{1, 7, {}, {"rowTracking", "inCommitTimestamp"}}, {}, "t"),
              IsOk());
}

TEST(TableFeature, FeaturesOfTheLogAndStrayOnesAreReadable) {
  for (const char* feature : {"allowColumnDefaults",
                              "appendOnly",
                              "changeDataFeed",
                              "checkConstraints",
                              "checkpointProtection",
                              "clustering",
                              "collations",
                              "collations-preview",
                              "columnMappingUsageTracking",
                              "coordinatedCommits-preview",
                              "domainMetadata",
                              "generatedColumns",
                              "icebergCompatV1",
                              "icebergCompatV2",
                              "icebergCompatV3",
                              "icebergWriterCompatV1",
                              "icebergWriterCompatV3",
                              "identityColumns",
                              "inCommitTimestamp",
                              "invariants",
                              "materializePartitionColumns",
                              "redirectWriterOnly-preview",
                              "rowTracking",
                              "timestampWithoutTimezone",
                              "v2Checkpoint"}) {
    EXPECT_THAT(CheckReadable(Protocol{3, 7, {feature}, {}}, {}, "t"), IsOk()) << feature;
  }
}

TEST(TableFeature, WhatIsRefusedHasARemedyOfItsOwn) {
  const std::pair<const char*, const char*> kRefused[] = {
      {"catalogManaged", "its catalog"},
      {"catalogOwned-preview", "its catalog"},
      {"adaptiveMetadata-preview", "Delta log"},
      {"redirectReaderWriter-preview", "moved to"}};
  for (const auto& [feature, remedy] : kRefused) {
    const auto status = CheckReadable(Protocol{3, 7, {feature}, {}}, {}, "/lake/t");
    EXPECT_THAT(status, IsError(ErrorKind::kUnsupported));
    EXPECT_THAT(status, HasMessage(feature));
    EXPECT_THAT(status.error().remedy, ::testing::HasSubstr(remedy));
  }
}

TEST(TableFeature, ATableThatACatalogManagesIsReadWithItsWord) {
  for (const char* feature : {"catalogManaged", "catalogOwned-preview"}) {
    const Protocol protocol{3, 7, {feature, "deletionVectors"}, {}};
    EXPECT_TRUE(IsCatalogManaged(protocol));
    EXPECT_THAT(CheckReadable(protocol, {}, "t", CommitAuthority::kCatalog), IsOk());
    const auto unmanaged = CheckReadable(protocol, {}, "t", CommitAuthority::kLogByName);
    EXPECT_THAT(unmanaged, IsError(ErrorKind::kUnsupported));
    EXPECT_THAT(unmanaged.error().remedy, ::testing::HasSubstr("name the catalog that does"));
  }
  const Protocol other{3, 7, {"fromTheFuture"}, {}};
  EXPECT_FALSE(IsCatalogManaged(other));
  EXPECT_THAT(CheckReadable(other, {}, "t", CommitAuthority::kCatalog),
              IsError(ErrorKind::kUnsupported));
}

TEST(TableFeature, ARedirectedTableShowsWhereItPoints) {
  Metadata metadata;
  metadata.configuration["delta.redirectReaderWriter-preview"] =
      R"({"type":"PathBasedRedirect","state":"REDIRECT-READY","spec":{"tablePath":"s3://b/new"}})";
  const Protocol protocol{3, 7, {"redirectReaderWriter-preview"}, {}};
  EXPECT_THAT(CheckReadable(protocol, metadata, "t"), HasMessage("s3://b/new"));
  EXPECT_THAT(CheckReadable(protocol, metadata, "t"), HasMessage("REDIRECT-READY"));
  for (const char* broken : {"", "{", "[]", R"({"spec":null})", R"({"spec":7})"}) {
    metadata.configuration["delta.redirectReaderWriter-preview"] = broken;
    EXPECT_THAT(CheckReadable(protocol, metadata, "t"), HasMessage("redirectReaderWriter-preview"));
  }
}

TEST(TableFeature, AllThatIsLackingIsNamedAtOnce) {
  const Protocol protocol{3, 7, {"fromTheFuture", "deletionVectors", "catalogManaged"}, {}};
  EXPECT_THAT(UnsupportedReaderFeatures(protocol, {}),
              ElementsAre("fromTheFuture", "catalogManaged"));
  const auto status = CheckReadable(protocol, {}, "/lake/t");
  EXPECT_THAT(status, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(status, HasMessage("/lake/t"));
  EXPECT_THAT(status, HasMessage("fromTheFuture, catalogManaged"));
  EXPECT_FALSE(status.error().remedy.empty());
}

TEST(TableFeature, AModeOfColumnMappingThatNobodyKnowsIsRefused) {
  Metadata metadata;
  metadata.configuration["delta.columnMapping.mode"] = "path";
  EXPECT_THAT(UnsupportedReaderFeatures(Protocol{2, 5, {}, {}}, metadata),
              ElementsAre("columnMapping (mode path)"));
}

TEST(TableFeature, AModeThatTheProtocolDoesNotAllowIsRefused) {
  Metadata metadata;
  metadata.configuration["delta.columnMapping.mode"] = "name";
  EXPECT_THAT(CheckReadable(Protocol{1, 2, {}, {}}, metadata, "t"), HasMessage("columnMapping"));
  EXPECT_THAT(CheckReadable(Protocol{3, 7, {}, {}}, metadata, "t"),
              IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(CheckReadable(Protocol{2, 5, {}, {}}, metadata, "t"), IsOk());
  EXPECT_THAT(CheckReadable(Protocol{3, 7, {"columnMapping"}, {}}, metadata, "t"), IsOk());
}

TEST(TableFeature, ReaderVersionOfTheFutureIsRefused) {
  EXPECT_THAT(UnsupportedReaderFeatures(Protocol{4, 8, {}, {}}, {}),
              ElementsAre("reader version 4"));
  EXPECT_THAT(UnsupportedReaderFeatures(Protocol{3, 7, {}, {}}, {}), IsEmpty());
}

TEST(TableFeature, UnknownFeatureHasARemedy) {
  const auto status = CheckReadable(Protocol{3, 7, {"fromTheFuture"}, {}}, {}, "t");
  EXPECT_THAT(status, HasMessage("fromTheFuture"));
  EXPECT_FALSE(status.error().remedy.empty());
}

}  // namespace
}  // namespace sluice::delta
