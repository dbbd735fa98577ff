#include "sluice/store/s3/s3_store.h"

#include <gtest/gtest.h>

#include <string>

#include "sluice/net/http_date.h"
#include "sluice/runtime/log.h"
#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/store/s3/s3_wire.h"
#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

class S3StoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> store() { return server_.Open(); }
  PendingUpload Pending() const {
    return {"a.parquet", "u1", {{1, "e1", 3}}, 3, "crc64nvme:0000000000000001"};
  }
  S3Double server_;
};

TEST_F(S3StoreTest, PutIfAbsentAsksForAbsence) {
  server_.Then(200);
  EXPECT_EQ(*store()->PutIfAbsent("k", "v"), PutOutcome::kCreated);
  ASSERT_EQ(server_.seen().size(), 1u);
  EXPECT_EQ(server_.seen()[0].header("If-None-Match"), "*");
  EXPECT_EQ(server_.seen()[0].target, "/bucket/out/k");
}

TEST_F(S3StoreTest, FirstAnswer412MeansAnotherWon) {
  server_.ThenError(412, "PreconditionFailed");
  EXPECT_EQ(*store()->PutIfAbsent("k", "v"), PutOutcome::kAlreadyExists);
  EXPECT_EQ(server_.seen().size(), 1u);
}

TEST_F(S3StoreTest, LostReplyThen412IsOurOwnSuccessIfTheBytesAreOurs) {
  server_.ThenBreakOff(200, 10, "").ThenError(412, "PreconditionFailed").Then(200, "ours");
  EXPECT_EQ(*store()->PutIfAbsent("k", "ours"), PutOutcome::kCreated);
}

TEST_F(S3StoreTest, LostReplyThen412IsALossIfTheBytesAreNot) {
  server_.ThenBreakOff(200, 10, "").ThenError(412, "PreconditionFailed").Then(200, "theirs");
  EXPECT_EQ(*store()->PutIfAbsent("k", "ours"), PutOutcome::kAlreadyExists);
}

TEST_F(S3StoreTest, ConflictOfConditionalPutsIsTriedAgain) {
  server_.ThenError(409, "ConditionalRequestConflict").Then(200);
  EXPECT_EQ(*store()->PutIfAbsent("k", "v"), PutOutcome::kCreated);
  EXPECT_EQ(server_.seen().size(), 2u);
}

TEST_F(S3StoreTest, UnknownOutcomeIsReadBack) {
  for (int i = 0; i < 5; ++i) server_.ThenError(500, "InternalError");
  server_.Then(200, "ours");
  EXPECT_EQ(*store()->PutIfAbsent("k", "ours"), PutOutcome::kCreated);
}

TEST_F(S3StoreTest, UnknownOutcomeThatNothingShowsStaysAnError) {
  for (int i = 0; i < 5; ++i) server_.ThenError(500, "InternalError");
  server_.ThenError(404, "NoSuchKey");
  EXPECT_THAT(store()->PutIfAbsent("k", "ours"), IsError(ErrorKind::kTransient));
}

TEST_F(S3StoreTest, CompleteWithErrorUnderStatus200IsTriedAgain) {
  server_.ThenError(200, "InternalError").Then(200, "<CompleteMultipartUploadResult/>");
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kCompleted);
  EXPECT_EQ(server_.seen().size(), 2u);
}

TEST_F(S3StoreTest, CompleteSendsPartsAndTheChecksumOfTheWhole) {
  server_.Then(200, "<CompleteMultipartUploadResult/>");
  ASSERT_THAT(store()->CompleteUpload(Pending()), IsOk());
  EXPECT_EQ(server_.seen()[0].header("x-amz-checksum-crc64nvme"), "AAAAAAAAAAE=");
  EXPECT_THAT(server_.seen()[0].body, HasSubstr("<PartNumber>1</PartNumber><ETag>&quot;e1&quot;"));
}

TEST_F(S3StoreTest, ServerThatWantsTheChecksumsOfPartsGetsItsOwn) {
  server_.ThenError(400, "InvalidPart");
  server_.Then(200,
               "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>e1</ETag>"
               "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></Part></ListPartsResult>");
  server_.Then(200, "<CompleteMultipartUploadResult/>");
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kCompleted);
  EXPECT_THAT(server_.seen()[2].body, HasSubstr("<ChecksumCRC64NVME>AAAAAAAAAAE="));
}

TEST_F(S3StoreTest, ServerThatWantsTheChecksumsOfPartsGetsThoseWeKnowWithoutBeingAsked) {
  server_.ThenError(400, "InvalidPart").Then(200, "<CompleteMultipartUploadResult/>");
  PendingUpload pending = Pending();
  for (auto& part : pending.parts) part.checksum = "crc64nvme:0000000000000000";
  EXPECT_EQ(*store()->CompleteUpload(pending), CompleteOutcome::kCompleted);
  EXPECT_THAT(server_.seen()[1].body, HasSubstr("<ChecksumCRC64NVME>AAAAAAAAAAA="));
}

TEST_F(S3StoreTest, ServerThatDoesNotReadTheHostsNameAsksForPathStyle) {
  server_.Then(200, "<ListAllMyBucketsResult/>");
  const auto listed = store()->ListFolders("");
  ASSERT_THAT(listed, IsError(ErrorKind::kConfig));
  EXPECT_THAT(listed.error().remedy, HasSubstr("path_style"));
}

TEST_F(S3StoreTest, UploadWhosePartsTheServerLostIsAborted) {
  server_.ThenError(400, "InvalidPart").Then(200, "<ListPartsResult/>").Then(204);
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kNoSuchUpload);
  EXPECT_EQ(server_.seen()[2].method, "DELETE");
}

TEST_F(S3StoreTest, NoSuchUploadIsAnOutcomeAndNoError) {
  server_.ThenError(404, "NoSuchUpload");
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kNoSuchUpload);
}

/// HEAD's answer for three bytes with that checksum, as the server keeps it.
S3Double::Answer Kept(const std::string& checksum) {
  return [checksum](const httplib::Request&, httplib::Response& response) {
    response.set_header("x-amz-checksum-crc64nvme", checksum.c_str());
    response.set_content("abc", "text/plain");
  };
}

TEST_F(S3StoreTest, WhatAnotherCompletedIsComparedByItsChecksumNotItsSize) {
  server_.Then(Kept("AAAAAAAAAAE=")).Then(Kept("AAAAAAAAAAI="));
  const auto opened = store();
  EXPECT_EQ(*HoldsUpload(*opened, Pending()), true);
  EXPECT_EQ(*HoldsUpload(*opened, Pending()), false);
  EXPECT_EQ(server_.seen()[0].header("x-amz-checksum-mode"), "ENABLED");
}

TEST_F(S3StoreTest, WhereTheServerKeepsNoChecksumTheObjectIsRead) {
  const auto plain = [](const auto&, auto& response) { response.set_content("abc", "text/plain"); };
  server_.Then(plain).Then(plain).Then(206, "abc");
  EXPECT_EQ(*HoldsUpload(*store(), Pending()), false);
  EXPECT_EQ(server_.seen().back().header("Range"), "bytes=0-2");
}

TEST_F(S3StoreTest, WhatLiesNowhereIsNotHeld) {
  server_.Then(404);
  EXPECT_EQ(*HoldsUpload(*store(), Pending()), false);
}

TEST_F(S3StoreTest, AbortOfWhatIsGoneSucceeds) {
  server_.ThenError(404, "NoSuchUpload");
  EXPECT_THAT(store()->AbortUpload("k", "u1"), IsOk());
}

TEST_F(S3StoreTest, PartCopyWithErrorUnderStatus200IsTriedAgain) {
  const std::string started =
      "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
  server_.Then(200, started).ThenError(200, "SlowDown");
  server_.Then(200,
               "<CopyPartResult><ETag>\"e\"</ETag>"
               "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></CopyPartResult>");
  const auto upload = *store()->StartUpload("k");
  ASSERT_THAT(upload->AppendCopy("src", "etag", 0, 6 << 20), IsOk());
  const auto pending = upload->Finish();
  ASSERT_THAT(pending, IsOk());
  EXPECT_EQ(pending->checksum, "crc64nvme:0000000000000001");
  EXPECT_EQ(server_.seen()[2].header("x-amz-copy-source-if-match"), "\"etag\"");
  EXPECT_EQ(server_.seen()[2].header("x-amz-copy-source-range"), "bytes=0-6291455");
}

TEST_F(S3StoreTest, CopyOfAReplacedSourceIsAConflict) {
  server_.Then(200,
               "<InitiateMultipartUploadResult><UploadId>u1</UploadId>"
               "</InitiateMultipartUploadResult>");
  server_.ThenError(412, "PreconditionFailed");
  const auto upload = *store()->StartUpload("k");
  (void)upload->AppendCopy("src", "etag", 0, 6 << 20);
  EXPECT_THAT(upload->Finish(), IsError(ErrorKind::kConflict));
}

TEST_F(S3StoreTest, SlowDownIsWaitedOut) {
  server_.ThenError(503, "SlowDown").ThenError(503, "SlowDown").Then(200, "bytes");
  EXPECT_EQ(*store()->Get("k"), "bytes");
}

TEST_F(S3StoreTest, ServerThatTookTheClientForGoneIsAskedAgain) {
  server_.Then(499).Then(200, "bytes");
  EXPECT_EQ(*store()->Get("k"), "bytes");
}

TEST_F(S3StoreTest, HalfReadBodyIsReadOnFromWhereItBroke) {
  server_.Then([](const auto&, auto& response) {
    response.status = 200;
    response.set_header("ETag", "\"e-1\"");
    response.set_content("0123456789", "text/plain");
  });
  server_.ThenBreakOff(206, 10, "0123");
  server_.Then(206, "456789");
  const auto reader = store()->Open("k");
  ASSERT_THAT(reader, IsOk());
  std::string bytes(10, ' ');
  ASSERT_THAT((*reader)->ReadAt(0, {reinterpret_cast<uint8_t*>(bytes.data()), 10}), IsOk());
  EXPECT_EQ(bytes, "0123456789");
  EXPECT_EQ(server_.seen()[1].header("If-Match"), "\"e-1\"");
  EXPECT_EQ(server_.seen()[2].header("Range"), "bytes=4-9");
}

TEST_F(S3StoreTest, ObjectReplacedWhileReadIsAConflict) {
  server_.Then([](const auto&, auto& response) { response.set_content("0123", "text/plain"); });
  server_.ThenError(412, "PreconditionFailed");
  const auto reader = store()->Open("k");
  ASSERT_THAT(reader, IsOk());
  std::string bytes(4, ' ');
  EXPECT_THAT((*reader)->ReadAt(0, {reinterpret_cast<uint8_t*>(bytes.data()), 4}),
              IsError(ErrorKind::kConflict));
}

TEST_F(S3StoreTest, BucketInAnotherRegionIsAskedThere) {
  server_.ThenError(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>");
  server_.Then(200, "bytes");
  EXPECT_EQ(*store()->Get("k"), "bytes");
  EXPECT_THAT(server_.seen()[1].header("Authorization"), HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3StoreTest, ConfiguredRegionThatIsWrongIsNamedWithTheRightOne) {
  server_.Then(301, "", {{"x-amz-bucket-region", "eu-west-1"}});
  S3Options options = server_.Options();
  options.region = "us-east-2";
  const auto got = (*OpenS3Store("bucket", "out", options))->Get("k");
  ASSERT_THAT(got, IsError(ErrorKind::kConfig));
  EXPECT_EQ(got.error().remedy, "set `region: eu-west-1`");
  EXPECT_THAT(got.error().message, HasSubstr("us-east-2"));
}

TEST_F(S3StoreTest, SkewedClockIsCorrectedByTheServers) {
  server_.Then(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
               {{"Date", "Fri, 24 May 2030 00:00:00 GMT"}});
  server_.Then(200, "bytes");
  EXPECT_EQ(*store()->Get("k"), "bytes");
  EXPECT_THAT(server_.seen()[1].header("x-amz-date"), HasSubstr("20300524T0000"));
}

TEST_F(S3StoreTest, StoreTimeIsTheServers) {
  const auto opened = store();
  EXPECT_EQ(opened->StoreTime(), std::nullopt);
  server_.Then(200, "bytes", {{"Date", "Fri, 24 May 2030 00:00:00 GMT"}});
  ASSERT_TRUE(opened->Get("k"));
  const auto time = opened->StoreTime();
  ASSERT_TRUE(time);
  const Duration passed = *time - *net::ParseHttpDate("Fri, 24 May 2030 00:00:00 GMT");
  EXPECT_GE(passed.micros, 0);
  EXPECT_LT(passed, Minutes(10));
}

TEST_F(S3StoreTest, ExpiredTokenNamesItsRemedy) {
  server_.ThenError(400, "ExpiredToken").ThenError(400, "ExpiredToken");
  const auto got = store()->Get("k");
  ASSERT_THAT(got, IsError(ErrorKind::kPermission));
  EXPECT_THAT(got.error().message, HasSubstr("s3://bucket/out/k"));
  EXPECT_THAT(got.error().remedy, HasSubstr("renew"));
}

TEST_F(S3StoreTest, RefusalIsNotTriedAgain) {
  server_.ThenError(403, "AccessDenied");
  EXPECT_THAT(store()->Put("k", "v"), IsError(ErrorKind::kPermission));
  EXPECT_EQ(server_.seen().size(), 1u);
}

TEST_F(S3StoreTest, ArchivedObjectIsGoneForNow) {
  server_.ThenError(403, "InvalidObjectState");
  const auto got = store()->Get("k");
  ASSERT_THAT(got, IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(got.error().remedy, HasSubstr("restore"));
}

TEST_F(S3StoreTest, MissingBucketIsNamed) {
  server_.ThenError(404, "NoSuchBucket");
  const auto listed = ListAll(*store(), "");
  ASSERT_THAT(listed, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(listed.error().message, HasSubstr("NoSuchBucket"));
}

TEST_F(S3StoreTest, ListingThatGoesRoundInCirclesEnds) {
  const std::string page =
      "<ListBucketResult><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>t</NextContinuationToken></ListBucketResult>";
  server_.Then(200, page).Then(200, page);
  const auto listed = ListAll(*store(), "");
  ASSERT_THAT(listed, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(listed.error().message, HasSubstr("goes round in circles"));
}

TEST_F(S3StoreTest, UploadsAreListedOverManyPages) {
  const auto page = [](const std::string& key, bool more) {
    return "<ListMultipartUploadsResult><EncodingType>url</EncodingType><Upload><Key>out/" + key +
           "</Key><UploadId>u</UploadId><Initiated>2026-01-01T00:00:00.000Z</Initiated></Upload>" +
           (more ? "<IsTruncated>true</IsTruncated><NextKeyMarker>out/" + key +
                       "</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>"
                 : "<IsTruncated>false</IsTruncated>") +
           "</ListMultipartUploadsResult>";
  };
  server_.Then(200, page("a%20b", true)).Then(200, page("c", true)).Then(200, page("d", false));
  std::vector<Key> keys;
  ASSERT_THAT(store()->ListUploads("",
                                   [&](const auto& upload) {
                                     keys.push_back(upload.key);
                                     return true;
                                   }),
              IsOk());
  EXPECT_EQ(keys, (std::vector<Key>{"a b", "c", "d"}));
  EXPECT_THAT(server_.seen()[1].target, HasSubstr("key-marker=out%2Fa%20b"));
}

TEST_F(S3StoreTest, SettledWorkIsNotCancelledButReadsAre) {
  S3Options options = server_.Options();
  options.cancel.Cancel(15);
  const auto cancelled = *OpenS3Store("bucket", "out", options);
  server_.Then(200, "<CompleteMultipartUploadResult/>");
  EXPECT_THAT(cancelled->CompleteUpload(Pending()), IsOk());
  EXPECT_THAT(cancelled->StartUpload("k"), IsError(ErrorKind::kCancelled));
}

TEST_F(S3StoreTest, OwnerAndEncryptionGoWithWrites) {
  S3Options options = server_.Options();
  options.expected_bucket_owner = "123456789012";
  options.encryption = {ServerEncryption::Type::kSseKms, "key-1"};
  server_.Then(200);
  ASSERT_THAT((*OpenS3Store("bucket", "out", options))->Put("k", "v"), IsOk());
  const auto seen = server_.seen()[0];
  EXPECT_EQ(seen.header("x-amz-expected-bucket-owner"), "123456789012");
  EXPECT_EQ(seen.header("x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(seen.header("x-amz-server-side-encryption-aws-kms-key-id"), "key-1");
}

TEST_F(S3StoreTest, SecretsAreKnownToTheLog) {
  (void)server_.Open();
  EXPECT_EQ(runtime::Redact("key secret-of-the-test."), "key ***.");
}

TEST_F(S3StoreTest, VariableThatIsNotSetIsNamed) {
  S3Options options = server_.Options();
  options.auth.secret_key_env = "SLUICE_TEST_NOT_SET";
  const auto opened = OpenS3Store("bucket", "out", options);
  ASSERT_THAT(opened, IsError(ErrorKind::kConfig));
  EXPECT_THAT(opened.error().message, HasSubstr("SLUICE_TEST_NOT_SET"));
}

}  // namespace
}  // namespace sluice::store
