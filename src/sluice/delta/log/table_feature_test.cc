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

Metadata WithMode(const std::string& mode) {
  Metadata metadata;
  metadata.configuration["delta.columnMapping.mode"] = mode;
  return metadata;
}

TEST(TableFeature, WhatIsReadIsReadable) {
  const Protocol protocol{
      3, 7, {"deletionVectors", "timestampNtz", "vacuumProtocolCheck", "columnMapping"}, {}};
  EXPECT_THAT(CheckReadable(protocol, WithMode("none"), "t"), IsOk());
  EXPECT_THAT(CheckReadable(Protocol{2, 5, {}, {}}, Metadata{}, "t"), IsOk());
  EXPECT_THAT(CheckReadable(Protocol{1, 2, {}, {}}, Metadata{}, "t"), IsOk());
}

TEST(TableFeature, WriterFeaturesAreNoConcernOfAReader) {
  EXPECT_THAT(CheckReadable(Protocol{1, 7, {}, {"rowTracking", "inCommitTimestamp"}}, {}, "t"),
              IsOk());
}

TEST(TableFeature, AllThatIsLackingIsNamedAtOnce) {
  const Protocol protocol{
      3, 7, {"typeWidening", "deletionVectors", "v2Checkpoint", "columnMapping"}, {}};
  EXPECT_THAT(UnsupportedReaderFeatures(protocol, WithMode("name")),
              ElementsAre("typeWidening", "v2Checkpoint", "columnMapping (mode name)"));
  const auto status = CheckReadable(protocol, WithMode("name"), "/lake/t");
  EXPECT_THAT(status, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(status, HasMessage("/lake/t"));
  EXPECT_THAT(status, HasMessage("typeWidening, v2Checkpoint, columnMapping (mode name)"));
  EXPECT_FALSE(status.error().remedy.empty());
}

TEST(TableFeature, MappingByIdIsRefusedUnderTheOldProtocolToo) {
  EXPECT_THAT(UnsupportedReaderFeatures(Protocol{2, 5, {}, {}}, WithMode("id")),
              ElementsAre("columnMapping (mode id)"));
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
