#include "sluice/store/s3/put_bucket_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using testing::IsError;
using testing::IsOk;

TEST(PutBucketPolicyTest, TheWholePolicyIsPutWithItsChecksum) {
  S3Double server;
  server.Then(204);
  EXPECT_THAT(PutBucketPolicy("bucket", server.Options(), "{\"a\": 1}"), IsOk());
  const auto seen = server.seen();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].method, "PUT");
  EXPECT_EQ(seen[0].target, "/bucket?policy=");
  EXPECT_EQ(seen[0].body, "{\"a\": 1}");
  EXPECT_FALSE(seen[0].header("x-amz-checksum-crc64nvme").empty());
}

TEST(PutBucketPolicyTest, ARefusalIsOneOfRights) {
  S3Double server;
  server.ThenError(403, "AccessDenied");
  EXPECT_THAT(PutBucketPolicy("bucket", server.Options(), "{}"), IsError(ErrorKind::kPermission));
}

}  // namespace
}  // namespace sluice::store
