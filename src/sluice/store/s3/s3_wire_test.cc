#include "sluice/store/s3/s3_wire.h"

#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using testing::HasRemedy;
using testing::IsError;

TEST(S3WireTest, AnswerThatS3WouldNotGiveIsTheServersFault) {
  for (const char* body : {
           "<html/>",
           "not XML",
           "<ListBucketResult><Contents><Key>a</Key></Contents></ListBucketResult>",
           "<ListBucketResult><Contents><Key>a</Key><Size>1</Size>"
           "<LastModified>soon</LastModified></Contents></ListBucketResult>",
           "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
       }) {
    const auto page = ParseObjectPage(body);
    EXPECT_THAT(page, IsError(ErrorKind::kCorrupt)) << body;
    EXPECT_THAT(page, HasRemedy("`endpoint` names an S3 server")) << body;
  }
  EXPECT_THAT(ParseUploadId("<InitiateMultipartUploadResult/>"), HasRemedy("no proxy answers"));
  EXPECT_THAT(ParseCopiedPart("<CopyPartResult/>"), HasRemedy("no proxy answers"));
}

TEST(S3WireTest, KeyMayEndInAnEncodedByte) {
  const auto page = ParseObjectPage(
      "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a+b%41</Key><Size>1</Size>"
      "<LastModified>2026-01-01T00:00:00Z</LastModified></Contents></ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects.at(0).key, "a bA");
}

}  // namespace
}  // namespace sluice::store
