#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "sluice/runtime/log.h"
#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/store/s3/s3_error.h"
#include "sluice/store/s3/s3_store.h"
#include "sluice/store/s3/s3_upload.h"
#include "sluice/testing/matchers.h"

/// Answers that a server gives rarely, or never where one tests: lost, cut short, ambiguous, refused for a
/// reason that a later try or another header cures.
namespace sluice::store {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;

constexpr char kStarted[] =
    "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
constexpr char kCompleted[] = "<CompleteMultipartUploadResult/>";

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

class S3FaultsTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> store() { return server_.Open(); }
  PendingUpload Pending(const std::string& key = "a.parquet") const {
    return {key, "u1", {{1, "e1", 3}}, 3, "crc64nvme:0000000000000001"};
  }
  /// A refusal of HEAD as AWS sends it: a status, headers, and nothing that says why.
  void ThenBare(int status, httplib::Headers headers = {}) { server_.Then(status, "", headers); }
  S3Double server_;
};

// --- Answers that are lost or cut short

TEST_F(S3FaultsTest, CompletionThatAnswersNothingUnderStatus200IsNoSuccess) {
  server_.Then(200, "").Then(200, "<?xml version=\"1.0\"?>\n   <CompleteMultip");
  server_.Then(200, kCompleted);
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kCompleted);
  EXPECT_EQ(server_.seen().size(), 3u);
}

TEST_F(S3FaultsTest, CompletionThatNeverAnswersInFullIsAnErrorForNow) {
  for (int i = 0; i < 5; ++i) server_.Then(200, "");
  const auto completed = store()->CompleteUpload(Pending());
  ASSERT_THAT(completed, IsError(ErrorKind::kTransient));
  EXPECT_THAT(completed.error().message, HasSubstr("the answer ended before"));
}

TEST_F(S3FaultsTest, CompletionWhoseReplyWasLostIsToldByTheObject) {
  server_.ThenBreakOff(200, 100, "<?xml").ThenError(404, "NoSuchUpload");
  server_.Then(200, "abc", {{"x-amz-checksum-crc64nvme", "AAAAAAAAAAE="}});
  const auto opened = store();
  EXPECT_EQ(*opened->CompleteUpload(Pending()), CompleteOutcome::kNoSuchUpload);
  EXPECT_EQ(*HoldsUpload(*opened, Pending()), true);
}

TEST_F(S3FaultsTest, PartsThatTheServerLostWithAReplyAreGivenUp) {
  const std::string listed =
      "<ListPartsResult><Part><PartNumber>1</PartNumber><ETag>e1</ETag>"
      "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></Part></ListPartsResult>";
  server_.ThenError(400, "InvalidPart").Then(200, listed);  // it wants checksums, too
  server_.ThenBreakOff(200, 100, "<?xml").ThenError(400, "InvalidPart");
  server_.Then(200, "<ListPartsResult/>").Then(204);
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kNoSuchUpload);
  EXPECT_EQ(server_.seen().back().method, "DELETE");
}

TEST_F(S3FaultsTest, CompletionThatMeetsAnotherIsTriedAgain) {
  server_.ThenError(409, "OperationAborted").ThenError(503, "SlowDown").Then(200, kCompleted);
  EXPECT_EQ(*store()->CompleteUpload(Pending()), CompleteOutcome::kCompleted);
}

TEST_F(S3FaultsTest, AbortAndDeletionWhoseRepliesWereLostAreSentAgain) {
  server_.ThenBreakOff(200, 10, "").ThenError(404, "NoSuchUpload");
  server_.ThenBreakOff(200, 10, "").Then(204);
  EXPECT_THAT(store()->AbortUpload("k", "u1"), IsOk());
  EXPECT_THAT(store()->Delete("k"), IsOk());
}

TEST_F(S3FaultsTest, PartWhoseReplyWasLostGoesUpAgainUnderItsNumber) {
  server_.Then(200, kStarted).ThenBreakOff(200, 10, "").Then(200, "", {{"ETag", "\"e1\""}});
  const auto upload = *store()->StartUpload("k");
  ASSERT_THAT(upload->Append(Bytes("bytes")), IsOk());
  ASSERT_THAT(upload->Finish(), IsOk());
  EXPECT_THAT(server_.seen()[1].target, HasSubstr("partNumber=1&"));
  EXPECT_EQ(server_.seen()[2].target, server_.seen()[1].target);
  EXPECT_EQ(server_.seen()[2].body, "bytes");
}

TEST_F(S3FaultsTest, SmallObjectAndListingThatBreakOffAreAskedForAgain) {
  server_.ThenBreakOff(200, 10, "0123").Then(200, "0123456789");
  server_.ThenBreakOff(200, 500, "<ListBucketResult><IsTr").Then(200, "<ListBucketResult/>");
  EXPECT_EQ(*store()->Get("k"), "0123456789");
  EXPECT_TRUE(ListAll(*store(), "")->empty());
}

TEST_F(S3FaultsTest, ReadThatAlwaysBreaksOffEnds) {
  server_.Then(200, "0123456789", {{"ETag", "\"e\""}});
  for (int i = 0; i < 20; ++i) server_.ThenBreakOff(206, 10, "");
  const auto reader = *store()->Open("k");
  std::vector<uint8_t> bytes(10);
  EXPECT_THAT(reader->ReadAt(0, bytes), IsError(ErrorKind::kTransient));
  EXPECT_LT(server_.seen().size(), 20u);
}

TEST_F(S3FaultsTest, ConflictThenTakenIsReadBack) {
  server_.ThenError(409, "ConditionalRequestConflict").ThenError(412, "PreconditionFailed");
  server_.Then(200, "theirs");
  EXPECT_EQ(*store()->PutIfAbsent("k", "ours"), PutOutcome::kAlreadyExists);
}

TEST_F(S3FaultsTest, SlowDownThatLastsIsAnErrorForNowAndCountsItsTries) {
  for (int i = 0; i < 5; ++i) server_.ThenError(503, "SlowDown");
  const auto put = store()->Put("k", "v");
  ASSERT_THAT(put, IsError(ErrorKind::kTransient));
  EXPECT_THAT(put.error().message, HasSubstr("SlowDown"));
  EXPECT_THAT(put.error().message, HasSubstr("(5 attempts)"));
}

TEST_F(S3FaultsTest, SlowDownOfALookupHasNoBodyAndIsWaitedOut) {
  ThenBare(503);
  server_.Then(200, "abc");
  EXPECT_EQ(store()->Head("k")->size, 3);
}

// --- Refusals of HEAD, which say nothing

TEST_F(S3FaultsTest, LookupInAWrongRegionIsCuredByWhatAReadIsTold) {
  ThenBare(400);
  server_.ThenError(400, "AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>");
  server_.Then(200, "abc");
  EXPECT_EQ(store()->Head("k")->size, 3);
  EXPECT_EQ(server_.seen()[1].header("Range"), "bytes=0-0");
  EXPECT_THAT(server_.seen()[2].header("Authorization"), HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3FaultsTest, LookupThatIsRedirectedFindsItsRegion) {
  ThenBare(301, {{"x-amz-bucket-region", "eu-west-1"}});
  server_.Then(200, "abc");
  EXPECT_EQ(store()->Head("k")->size, 3);
  EXPECT_THAT(server_.seen()[1].header("Authorization"), HasSubstr("/eu-west-1/s3/"));
}

TEST_F(S3FaultsTest, LookupWithAnExpiredTokenNamesIt) {
  for (int i = 0; i < 2; ++i) {
    ThenBare(400);
    server_.ThenError(400, "ExpiredToken");
  }
  const auto head = store()->Head("k");
  ASSERT_THAT(head, IsError(ErrorKind::kPermission));
  EXPECT_THAT(head.error().message, HasSubstr("ExpiredToken"));
  EXPECT_THAT(head.error().remedy, HasSubstr("renew"));
}

TEST_F(S3FaultsTest, LookupWithASkewedClockIsSignedAgain) {
  ThenBare(403);
  server_.Then(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
               {{"Date", "Fri, 24 May 2030 00:00:00 GMT"}});
  server_.Then(200, "abc");
  EXPECT_EQ(store()->Head("k")->size, 3);
  EXPECT_THAT(server_.seen()[2].header("x-amz-date"), HasSubstr("20300524T0000"));
}

TEST_F(S3FaultsTest, LookupThatIsForbiddenStaysSo) {
  ThenBare(403);
  server_.ThenError(403, "AccessDenied");
  EXPECT_THAT(store()->Head("k"), IsError(ErrorKind::kPermission));
}

TEST_F(S3FaultsTest, RefusalNamesThePermissionThatIsMissing) {
  for (int i = 0; i < 5; ++i) server_.ThenError(403, "AccessDenied");
  const auto opened = store();
  EXPECT_THAT(opened->Delete("k").error().remedy, HasSubstr("allow s3:DeleteObject in"));
  EXPECT_THAT(opened->AbortUpload("k", "u").error().remedy, HasSubstr("s3:AbortMultipartUpload"));
  EXPECT_THAT(opened->Put("k", "v").error().remedy, HasSubstr("s3:PutObject"));
  EXPECT_THAT(opened->Get("k").error().remedy, HasSubstr("s3:GetObject"));
  EXPECT_THAT(ListAll(*opened, "").error().remedy, HasSubstr("s3:ListBucket"));
}

// --- Clocks and tokens

TEST_F(S3FaultsTest, ClockThatStaysSkewedSaysWhatToDo) {
  for (int i = 0; i < 2; ++i) {
    server_.Then(403, "<Error><Code>RequestTimeTooSkewed</Code></Error>",
                 {{"Date", "Fri, 24 May 2030 00:00:00 GMT"}});
  }
  const auto got = store()->Get("k");
  ASSERT_THAT(got, IsError(ErrorKind::kPermission));
  EXPECT_THAT(got.error().remedy, HasSubstr("set this machine's clock by NTP"));
}

TEST_F(S3FaultsTest, SkewedClockAtStsIsCalledSo) {
  net::HttpResponse answer;
  answer.status = 403;
  answer.body =
      "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>Signature expired: "
      "20300524T000000Z is now earlier than 20300524T001000Z</Message></Error></ErrorResponse>";
  EXPECT_THAT(ToError(ParseFault(answer), {}).remedy, HasSubstr("clock"));
}

TEST_F(S3FaultsTest, ExpiredTokenOfAProfileIsReadAgain) {
  const std::string file = ::testing::TempDir() + "sluice-credentials-" + std::to_string(getpid());
  const auto log_in = [&](const std::string& token) {
    std::ofstream(file) << "[fresh]\naws_access_key_id = AKID\naws_secret_access_key = s3cr3t-"
                        << token << "\naws_session_token = " << token << "\n";
  };
  setenv("AWS_SHARED_CREDENTIALS_FILE", file.c_str(), 1);
  log_in("token-of-yesterday");
  S3Options options = server_.Options();
  options.auth = {};
  options.auth.profile = "fresh";
  const auto opened = *OpenS3Store("bucket", "out", options);
  server_.Then(200, "bytes").ThenError(400, "ExpiredToken").Then(200, "bytes");
  EXPECT_EQ(*opened->Get("k"), "bytes");
  log_in("token-of-today");
  EXPECT_EQ(*opened->Get("k"), "bytes");
  unsetenv("AWS_SHARED_CREDENTIALS_FILE");
  std::filesystem::remove(file);
  EXPECT_EQ(server_.seen()[1].header("x-amz-security-token"), "token-of-yesterday");
  EXPECT_EQ(server_.seen()[2].header("x-amz-security-token"), "token-of-today");
  EXPECT_EQ(runtime::Redact("token-of-today"), "***");
}

/// S3 refuses what is locked without one; MinIO does not, so its locked buckets don't show it.
TEST_F(S3FaultsTest, WritesAndPartsCarryAChecksumAsLockedBucketsDemand) {
  server_.Then(200).Then(200).Then(200, kStarted).Then(200, "", {{"ETag", "\"e1\""}});
  const auto opened = store();
  ASSERT_THAT(opened->Put("k", "v"), IsOk());
  ASSERT_THAT(opened->PutIfAbsent("k", "v"), IsOk());
  const auto upload = *opened->StartUpload("k");
  ASSERT_THAT(upload->Append(Bytes("v")), IsOk());
  ASSERT_THAT(upload->Finish(), IsOk());
  for (const size_t i : {0, 1, 3}) {
    EXPECT_NE(server_.seen()[i].header("x-amz-checksum-crc64nvme"), "") << i;
  }
}

// --- Copies

TEST_F(S3FaultsTest, EtagsThatAreNoMd5AreHandedBackAsTheyCame) {
  server_.Then(200, kStarted).Then(200, "", {{"ETag", "\"kms/+=-12\""}}).Then(200, kCompleted);
  const auto opened = store();
  const auto upload = *opened->StartUpload("k");
  ASSERT_THAT(upload->Append(Bytes("bytes")), IsOk());
  const auto pending = *upload->Finish();
  EXPECT_EQ(pending.parts[0].etag, "kms/+=-12");
  ASSERT_THAT(opened->CompleteUpload(pending), IsOk());
  EXPECT_THAT(server_.seen()[2].body, HasSubstr("<ETag>&quot;kms/+=-12&quot;</ETag>"));
}

TEST_F(S3FaultsTest, UploadThatTakesCopiesSaysNothingOfTagsAndMetadata) {
  server_.Then(200, kStarted);
  server_.Then(200,
               "<CopyPartResult><ETag>\"e\"</ETag>"
               "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></CopyPartResult>");
  const auto upload = *store()->StartUpload("k");
  ASSERT_THAT(upload->AppendCopy("src", "etag", 0, 6 << 20), IsOk());
  ASSERT_THAT(upload->Finish(), IsOk());
  for (const auto& seen : server_.seen()) {
    for (const auto& [name, value] : seen.headers) {
      EXPECT_THAT(name, Not(HasSubstr("tagging")));
      EXPECT_THAT(name, Not(HasSubstr("x-amz-meta-")));
      EXPECT_THAT(name, Not(HasSubstr("directive")));  // of CopyObject, which would carry them over
    }
  }
}

TEST_F(S3FaultsTest, CopyOfAnArchivedSourceNamesItAndSaysWhatToDo) {
  server_.Then(200, kStarted).ThenError(403, "InvalidObjectState");
  const auto upload = *store()->StartUpload("k");
  (void)upload->AppendCopy("src.parquet", "etag", 0, 6 << 20);
  const auto finished = upload->Finish();
  ASSERT_THAT(finished, IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(finished.error().message, HasSubstr("s3://bucket/out/src.parquet"));
  EXPECT_THAT(finished.error().remedy, HasSubstr("restore"));
}

TEST_F(S3FaultsTest, PartCopyThatAnswersNothingUnderStatus200IsTriedAgain) {
  server_.Then(200, kStarted).Then(200, "");
  server_.Then(200,
               "<CopyPartResult><ETag>\"e\"</ETag>"
               "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></CopyPartResult>");
  const auto upload = *store()->StartUpload("k");
  ASSERT_THAT(upload->AppendCopy("src", "etag", 0, 6 << 20), IsOk());
  EXPECT_THAT(upload->Finish(), IsOk());
}

TEST_F(S3FaultsTest, UploadThatSomebodyAbortedIsBegunAnewByALaterTry) {
  server_.Then(200, kStarted).ThenError(404, "NoSuchUpload");
  const auto upload = *store()->StartUpload("k");
  ASSERT_THAT(upload->Append(Bytes("abc")), IsOk());
  const auto finished = upload->Finish();
  ASSERT_THAT(finished, IsError(ErrorKind::kTransient));
  EXPECT_THAT(finished.error().message, HasSubstr("aborted"));
  EXPECT_THAT(finished.error().remedy, HasSubstr("run again"));
}

// --- Sizes and numbers

TEST(PartSizesTest, TenThousandPartsHoldMoreThanAnObjectMay) {
  constexpr int64_t kLargestObject = int64_t{5} << 40, kLargestPart = int64_t{5} << 30;
  int64_t total = 0;
  for (int number = 1; number <= PartSizes::kMostParts; ++number) {
    const int64_t size = PartSizes::Of(number);
    ASSERT_GE(size, PartSizes::kSmallest);
    ASSERT_LE(size, kLargestPart);
    total += size;
  }
  EXPECT_GE(total, kLargestObject);
}

/// Copies from a source of any size, none of which is moved: the server answers at once.
class CopyOfAnySize : public S3FaultsTest, public ::testing::WithParamInterface<int64_t> {};

TEST_P(CopyOfAnySize, StaysWithinTenThousandParts) {
  server_.Then(200, kStarted);
  server_.Always(200,
                 "<CopyPartResult><ETag>\"e\"</ETag>"
                 "<ChecksumCRC64NVME>AAAAAAAAAAE=</ChecksumCRC64NVME></CopyPartResult>");
  const auto upload = *store()->StartUpload("k");
  ASSERT_THAT(upload->AppendCopy("src", "etag", 0, GetParam()), IsOk());
  const auto pending = upload->Finish();
  ASSERT_THAT(pending, IsOk());
  EXPECT_EQ(pending->size, GetParam());
  EXPECT_LE(pending->parts.size(), 10'000u);
  for (size_t i = 0; i + 1 < pending->parts.size(); ++i) {
    ASSERT_GE(pending->parts[i].size, PartSizes::kSmallest) << "part " << i + 1;
    ASSERT_LE(pending->parts[i].size, int64_t{5} << 30) << "part " << i + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, CopyOfAnySize,
                         ::testing::Values((int64_t{64} << 20) + 1, int64_t{5} << 30,
                                           (int64_t{5} << 40) - 1, int64_t{5} << 40));

TEST_F(S3FaultsTest, SixtyFourCompletionsAreUnderwayAtOnceWhateverConnectionsSays) {
  constexpr int kAtOnce = 64;
  std::atomic<int> underway{0}, most{0};
  for (int i = 0; i < kAtOnce; ++i) {
    server_.Then([&](const httplib::Request&, httplib::Response& response) {
      most = std::max(most.load(), ++underway);
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (most < kAtOnce && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        most = std::max(most.load(), underway.load());
      }
      response.set_content(kCompleted, "application/xml");
    });
  }
  S3Options options = server_.Options();
  options.connections = 4;
  const auto opened = *OpenS3Store("bucket", "out", options);
  std::vector<std::thread> callers;
  for (int i = 0; i < kAtOnce; ++i) {
    callers.emplace_back(
        [&, i] { (void)opened->CompleteUpload(Pending("f" + std::to_string(i))); });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(most, kAtOnce);
}

}  // namespace
}  // namespace sluice::store
