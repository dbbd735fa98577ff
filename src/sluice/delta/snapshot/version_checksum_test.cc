#include "sluice/delta/snapshot/version_checksum.h"

#include <gmock/gmock.h>

#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;

constexpr const char* kProtocol =
    R"({"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]})";
constexpr const char* kMetadata =
    R"({"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}","partitionColumns":[],)"
    R"("configuration":{"a":"b"}})";

class VersionChecksumTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string commit = std::string(R"({"protocol":)") + kProtocol + "}\n" +
                               R"({"metaData":)" + kMetadata + "}\n" +
                               R"({"add":{"path":"a","partitionValues":{},"size":10}})" + "\n" +
                               R"({"add":{"path":"b","partitionValues":{},"size":20}})" + "\n";
    ASSERT_THAT(store_->Put(CommitKey(Version{0}), commit), IsOk());
  }
  std::vector<std::string> Differences(const std::string& checksum) {
    EXPECT_THAT(store_->Put(ChecksumKey(Version{0}), checksum), IsOk());
    const Log log(store_);
    return DifferencesToChecksum(log, LoadSnapshot(log, {}).value()).value();
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
};

TEST_F(VersionChecksumTest, NoFileSaysNothing) {
  const Log log(store_);
  EXPECT_THAT(DifferencesToChecksum(log, LoadSnapshot(log, {}).value()).value(), IsEmpty());
}

TEST_F(VersionChecksumTest, WhatAgreesIsNotADifference) {
  EXPECT_THAT(Differences("{}"), IsEmpty());
  EXPECT_THAT(Differences(std::string(R"({"tableSizeBytes":30,"numFiles":2,"numMetadata":1,)") +
                          R"("numProtocol":1,"numDeletionVectorsOpt":0,"protocol":)" + kProtocol +
                          R"(,"metadata":)" + kMetadata +
                          R"(,"allFiles":[{"path":"./b","partitionValues":{},"size":20},)" +
                          R"({"path":"a","partitionValues":{},"size":10}]})"),
              IsEmpty());
}

TEST_F(VersionChecksumTest, EachDifferenceIsNamed) {
  EXPECT_THAT(Differences(R"({"tableSizeBytes":31,"numFiles":3})"),
              ElementsAre(HasSubstr("tableSizeBytes is 31, the log has 30"),
                          HasSubstr("00000000000000000000.crc: numFiles is 3, the log has 2")));
  EXPECT_THAT(Differences(R"({"protocol":{"minReaderVersion":1,"minWriterVersion":7}})"),
              ElementsAre(HasSubstr("protocol")));
  EXPECT_THAT(Differences(R"({"metadata":{"id":"j","schemaString":"x"}})"),
              ElementsAre(HasSubstr("table id"), HasSubstr("schema"), HasSubstr("properties")));
  const std::string a = R"({"path":"a","partitionValues":{},"size":10})";
  EXPECT_THAT(Differences(R"({"allFiles":[)" + a + "]}"), ElementsAre(HasSubstr("lacks 'b'")));
  EXPECT_THAT(
      Differences(R"({"allFiles":[)" + a + R"(,{"path":"b","partitionValues":{},"size":2}]})"),
      ElementsAre(HasSubstr("'b' has 2 bytes")));
  EXPECT_THAT(
      Differences(R"({"allFiles":[)" + a + R"(,{"path":"b","partitionValues":{},"size":20})" +
                  R"(,{"path":"c","partitionValues":{},"size":2}]})"),
      ElementsAre(HasSubstr("has 'c'")));
}

TEST_F(VersionChecksumTest, WhatWasTornSaysNothing) {
  for (const char* text : {"", "{", R"({"numFiles":3)"}) {
    EXPECT_THAT(Differences(text), IsEmpty()) << text;
  }
}

TEST_F(VersionChecksumTest, APartThatCannotBeReadHidesNoDifference) {
  for (const char* text :
       {"[]", R"({"numFiles":"x"})", R"({"protocol":7})", R"({"allFiles":[1]})"}) {
    EXPECT_THAT(Differences(text), ElementsAre(HasSubstr("cannot be read"))) << text;
  }
  EXPECT_THAT(Differences(R"({"numFiles":3,"allFiles":[{"path":1}]})"),
              ElementsAre(HasSubstr("numFiles is 3"), HasSubstr("cannot be read")));
}

TEST_F(VersionChecksumTest, SchemasAreComparedAsWhatTheySay) {
  std::string spaced = kMetadata;
  const size_t at = spaced.find("{\\\"type\\\"");
  ASSERT_NE(at, std::string::npos) << spaced;
  spaced.insert(at + 1, "  ");
  EXPECT_THAT(Differences(R"({"metadata":)" + spaced + "}"), IsEmpty());
}

}  // namespace
}  // namespace sluice::delta
