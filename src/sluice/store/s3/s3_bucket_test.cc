#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/store/s3/s3_bucket.h"
#include "sluice/store/s3/s3_bucket_wire.h"
#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

class S3BucketTest : public ::testing::Test {
 protected:
  std::shared_ptr<const BucketSettings> Bucket() {
    return *OpenBucketSettings("bucket", server_.Options());
  }
  S3Double server_;
};

TEST_F(S3BucketTest, RegionIsTheServersWord) {
  server_.Then(200, "", {{"x-amz-bucket-region", "eu-west-1"}});
  EXPECT_EQ(*Bucket()->Region(), "eu-west-1");
  EXPECT_EQ(server_.seen()[0].target, "/bucket");
}

TEST_F(S3BucketTest, BucketInAnotherRegionIsFoundThoughItsRefusalSaysNothing) {
  server_.Then(400).ThenError(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>");
  server_.Then(200, "", {{"x-amz-bucket-region", "eu-west-1"}});
  EXPECT_EQ(*Bucket()->Region(), "eu-west-1");
  EXPECT_EQ(server_.seen()[1].target, "/bucket?list-type=2&max-keys=0");
}

TEST_F(S3BucketTest, MissingBucketHasARemedy) {
  server_.Then(404);
  const auto region = Bucket()->Region();
  ASSERT_THAT(region, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(region.error().remedy, HasSubstr("create the bucket"));
}

TEST_F(S3BucketTest, PublicAccessBlockIsRead) {
  server_.Then(200,
               "<PublicAccessBlockConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
               "<BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>"
               "<BlockPublicPolicy>true</BlockPublicPolicy>"
               "<RestrictPublicBuckets>false</RestrictPublicBuckets>"
               "</PublicAccessBlockConfiguration>");
  const auto block = Bucket()->PublicAccess();
  ASSERT_THAT(block, IsOk());
  EXPECT_TRUE((*block)->block_policy);
  EXPECT_FALSE((*block)->blocks_all());
  EXPECT_EQ(server_.seen()[0].target, "/bucket?publicAccessBlock=");
}

TEST_F(S3BucketTest, WhatIsNotConfiguredIsAbsent) {
  server_.ThenError(404, "NoSuchPublicAccessBlockConfiguration")
      .ThenError(404, "NoSuchBucketPolicy")
      .ThenError(404, "ServerSideEncryptionConfigurationNotFoundError")
      .ThenError(404, "NoSuchLifecycleConfiguration")
      .ThenError(404, "ObjectLockConfigurationNotFoundError")
      .ThenError(404, "NoSuchBucketPolicy");
  const auto bucket = Bucket();
  EXPECT_EQ(*bucket->PublicAccess(), std::nullopt);
  EXPECT_EQ(*bucket->HasPublicPolicy(), false);
  EXPECT_EQ(bucket->Encryption()->type, ServerEncryption::Type::kNone);
  EXPECT_TRUE(bucket->Lifecycle()->empty());
  EXPECT_FALSE(bucket->GetObjectLock()->has_value());
  EXPECT_EQ(*bucket->Policy(), "");
}

TEST_F(S3BucketTest, WhatMayNotBeAskedAndWhatServersLackAreTold) {
  server_.ThenError(403, "AccessDenied").ThenError(501, "NotImplemented");
  const auto bucket = Bucket();
  EXPECT_THAT(bucket->Encryption(), IsError(ErrorKind::kPermission));
  EXPECT_THAT(bucket->PublicAccess(), IsError(ErrorKind::kUnsupported));
}

TEST(S3BucketWireTest, PublicPolicyIsSaidInAnyCase) {
  EXPECT_TRUE(*ParsePolicyStatus("<PolicyStatus><IsPublic>TRUE</IsPublic></PolicyStatus>"));
  EXPECT_FALSE(*ParsePolicyStatus("<PolicyStatus><IsPublic>false</IsPublic></PolicyStatus>"));
}

TEST(S3BucketWireTest, DefaultEncryptionNamesItsKey) {
  const auto encryption = ParseDefaultEncryption(
      "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
      "<SSEAlgorithm>aws:kms:dsse</SSEAlgorithm><KMSMasterKeyID>key-1</KMSMasterKeyID>"
      "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>"
      "</ServerSideEncryptionConfiguration>");
  ASSERT_THAT(encryption, IsOk());
  EXPECT_EQ(encryption->type, ServerEncryption::Type::kSseKms);
  EXPECT_EQ(encryption->kms_key_id, "key-1");
}

TEST(S3BucketWireTest, LifecycleRulesOfEveryFormAreRead) {
  const auto rules = ParseLifecycle(
      "<LifecycleConfiguration>"
      "<Rule><ID>old form</ID><Prefix>logs/</Prefix><Status>Enabled</Status>"
      "<Expiration><Days>30</Days></Expiration></Rule>"
      "<Rule><ID>off</ID><Filter/><Status>Disabled</Status><Expiration><Days>1</Days></Expiration>"
      "</Rule>"
      "<Rule><ID>tags</ID><Filter><And><Prefix>out/</Prefix><Tag><Key>k</Key><Value>v</Value></Tag>"
      "</And></Filter><Status>Enabled</Status>"
      "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule>"
      "<Rule><ID>rest</ID><Filter><Prefix/></Filter><Status>Enabled</Status>"
      "<Transition><Days>90</Days><StorageClass>DEEP_ARCHIVE</StorageClass></Transition>"
      "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></"
      "NoncurrentVersionExpiration>"
      "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>"
      "</AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>");
  ASSERT_THAT(rules, IsOk());
  ASSERT_EQ(rules->size(), 3u);
  EXPECT_EQ((*rules)[0].prefix, "logs/");
  EXPECT_EQ((*rules)[0].expires_after_days, 30);
  EXPECT_TRUE((*rules)[1].asks_for_tags);
  EXPECT_FALSE((*rules)[1].expires);
  EXPECT_EQ((*rules)[2].aborts_uploads_after_days, 2);
  EXPECT_EQ((*rules)[2].drops_old_versions_after_days, 3);
  EXPECT_EQ((*rules)[2].archive_class, "DEEP_ARCHIVE");
}

TEST(S3BucketWireTest, LockOfAnyNumberOfYearsIsRead) {
  const auto lock = ParseObjectLock(
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
      "<DefaultRetention><Years>9999999</Years></DefaultRetention></Rule></"
      "ObjectLockConfiguration>");
  ASSERT_THAT(lock, IsOk());
  EXPECT_GE((*lock)->days, 365'000);
}

TEST(S3BucketWireTest, LocksAreCountedInDays) {
  const auto lock = ParseObjectLock(
      "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>"
      "<DefaultRetention><Mode>COMPLIANCE</Mode><Years>2</Years></DefaultRetention></Rule>"
      "</ObjectLockConfiguration>");
  ASSERT_THAT(lock, IsOk());
  EXPECT_EQ((*lock)->mode, "COMPLIANCE");
  EXPECT_EQ((*lock)->days, 730);
  EXPECT_EQ(*ParseVersioning("<VersioningConfiguration><Status>Suspended</Status>"
                             "</VersioningConfiguration>"),
            Versioning::kSuspended);
}

TEST(S3BucketWireTest, OtherDocumentsAreRefused) {
  EXPECT_THAT(ParseLifecycle("<html/>"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParsePolicyStatus("no XML"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::store
