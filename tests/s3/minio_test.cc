#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "minio_fixture.h"
#include "sluice/store/checksum.h"
#include "sluice/store/s3/s3_wire.h"
#include "sluice/testing/matchers.h"

/// What the contract does not ask, because it is S3's alone.
namespace sluice::s3 {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

std::string RandomBytes(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

std::span<const uint8_t> Span(const std::string& bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

/// The checksum that the server keeps of the whole object.
std::string ServersChecksum(const std::string& key) {
  store::S3Request request;
  request.method = "HEAD";
  request.key = key;
  request.headers = {{"x-amz-checksum-mode", "ENABLED"}};
  request.action = "looking up";
  const auto head = Client(Bucket()).Send(request);
  return head ? head->http.header("x-amz-checksum-crc64nvme") : head.error().error.message;
}

int64_t ResidentBytes() {
  int64_t pages = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(MinioTest, LargeUploadHoldsOnlyThePartsUnderWay) {
  const auto store = NewStore();
  const auto upload = *store->StartUpload("large");
  const std::string bytes = RandomBytes(8 << 20);
  const int64_t before = ResidentBytes();
  for (int part = 0; part < 40; ++part) ASSERT_THAT(upload->Append(Span(bytes)), IsOk());
  // 64 MiB of parts, and what the allocator and the connections keep.
  EXPECT_LT(ResidentBytes() - before, int64_t{200} << 20);
  const auto pending = upload->Finish();
  ASSERT_THAT(pending, IsOk());
  EXPECT_EQ(pending->parts.size(), 40u);
  EXPECT_THAT(store->AbortUpload("large", pending->upload_id), IsOk());
}

TEST(MinioTest, LargeUploadGoesUpInPartsWithOneChecksumOfTheWhole) {
  const std::string bytes = RandomBytes(20'000'001);
  store::S3Options options = Options();
  const auto store = *store::OpenS3Store(Bucket(), "parts", options);
  const auto upload = *store->StartUpload("large");
  for (size_t at = 0; at < bytes.size(); at += 999'983) {
    ASSERT_THAT(
        upload->Append(Span(bytes).subspan(at, std::min<size_t>(999'983, bytes.size() - at))),
        IsOk());
  }
  const auto pending = upload->Finish();
  ASSERT_THAT(pending, IsOk());
  EXPECT_EQ(pending->parts.size(), 3u);
  ASSERT_THAT(store->CompleteUpload(*pending), IsOk());
  EXPECT_EQ(*store->Get("large"), bytes);
  store::Crc64Nvme crc;
  crc.Update(Span(bytes));
  EXPECT_EQ(pending->checksum, crc.ToString());
  EXPECT_EQ(ServersChecksum("parts/large"), store::EncodeCrc64Nvme(crc.value()));
}

TEST(MinioTest, WrongChecksumOfTheWholeIsRefused) {
  const auto store = NewStore();
  const auto upload = *store->StartUpload("k");
  ASSERT_THAT(upload->Append(Span("bytes")), IsOk());
  auto pending = *upload->Finish();
  pending.checksum = "crc64nvme:0123456789abcdef";
  EXPECT_FALSE(store->CompleteUpload(pending));
  EXPECT_THAT(store->Head("k"), IsError(ErrorKind::kNotFound));
}

TEST(MinioTest, ServerSideCopyJoinsAppendedBytes) {
  const std::string source = RandomBytes(13 << 20);
  const auto store = NewStore();
  ASSERT_THAT(store->Put("source", source), IsOk());
  const std::string etag = store->Head("source")->etag;
  const auto upload = *store->StartUpload("copy");
  ASSERT_THAT(upload->Append(Span("head")), IsOk());
  ASSERT_THAT(upload->AppendCopy("source", etag, 1, (13 << 20) - 2), IsOk());
  ASSERT_THAT(upload->Append(Span("tail")), IsOk());
  const auto pending = upload->Finish();
  ASSERT_THAT(pending, IsOk());
  ASSERT_THAT(store->CompleteUpload(*pending), IsOk());
  EXPECT_EQ(*store->Get("copy"), "head" + source.substr(1, source.size() - 2) + "tail");
}

TEST(MinioTest, CopyCarriesNeitherTagsNorMetadataOfItsSource) {
  const std::string bytes = RandomBytes(6 << 20);
  store::S3Request put;
  put.method = "PUT";
  put.key = "tagged/source";
  put.headers = {{"x-amz-meta-owner", "somebody"},
                 {"x-amz-tagging", "secret=yes"},
                 {"content-type", "text/html"},
                 {"cache-control", "max-age=3"}};
  put.body = bytes;
  ASSERT_TRUE(Client(Bucket()).Send(put));
  const auto store = *store::OpenS3Store(Bucket(), "tagged", Options());
  const auto upload = *store->StartUpload("copy");
  ASSERT_THAT(upload->AppendCopy("source", store->Head("source")->etag, 0, 6 << 20), IsOk());
  ASSERT_THAT(store->CompleteUpload(*upload->Finish()), IsOk());
  store::S3Request head;
  head.method = "HEAD";
  head.key = "tagged/copy";
  const auto told = Client(Bucket()).Send(head);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->http.header("content-length"), std::to_string(6 << 20));
  for (const char* name : {"x-amz-meta-owner", "x-amz-tagging-count", "cache-control"}) {
    EXPECT_EQ(told->http.header(name), "") << name;
  }
  EXPECT_NE(told->http.header("content-type"), "text/html");
}

TEST(MinioTest, CopyOfWhatWasReplacedSinceItWasPlannedIsRefused) {
  const auto store = NewStore();
  ASSERT_THAT(store->Put("source", RandomBytes(6 << 20)), IsOk());
  const std::string planned = store->Head("source")->etag;
  ASSERT_THAT(store->Put("source", RandomBytes((6 << 20) + 1)), IsOk());
  const auto upload = *store->StartUpload("copy");
  (void)upload->AppendCopy("source", planned, 0, 6 << 20);
  EXPECT_THAT(upload->Finish(), IsError(ErrorKind::kConflict));
}

/// Under KMS an ETag is random and under parts it counts them: nothing may take it for a digest.
TEST(MinioTest, EtagThatIsNoMd5GuardsReadsAndCopiesAllTheSame) {
  store::S3Options options = Options();
  options.encryption = {store::ServerEncryption::Type::kSseKms, "sluice-test"};
  const auto store = *store::OpenS3Store(Bucket(), "etags", options);
  const std::string bytes = RandomBytes(9 << 20);  // two parts
  const auto upload = *store->StartUpload("source");
  ASSERT_THAT(upload->Append(Span(bytes)), IsOk());
  const auto pending = *upload->Finish();
  ASSERT_THAT(store->CompleteUpload(pending), IsOk());
  EXPECT_EQ(*store::HoldsUpload(*store, pending), true);
  const std::string etag = store->Head("source")->etag;
  EXPECT_THAT(etag, HasSubstr("-2"));
  const auto copy = *store->StartUpload("copy");
  ASSERT_THAT(copy->AppendCopy("source", etag, 0, 9 << 20), IsOk());
  ASSERT_THAT(store->CompleteUpload(*copy->Finish()), IsOk());
  EXPECT_EQ(*store->Get("copy"), bytes);
}

TEST(MinioTest, ObjectsAreEncryptedAsAsked) {
  store::S3Options options = Options();
  options.encryption = {store::ServerEncryption::Type::kSseKms, "sluice-test"};
  const auto store = *store::OpenS3Store(Bucket(), "sse", options);
  const auto upload = *store->StartUpload("k");
  ASSERT_THAT(upload->Append(Span("bytes")), IsOk());
  ASSERT_THAT(store->CompleteUpload(*upload->Finish()), IsOk());
  EXPECT_EQ(*store->Get("k"), "bytes");
  store::S3Request request;
  request.method = "HEAD";
  request.key = "sse/k";
  const auto head = Client(Bucket()).Send(request);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->http.header("x-amz-server-side-encryption"), "aws:kms");
}

TEST(MinioTest, OneOfManyRunnersDecides) {
  const auto store = NewStore();
  std::atomic<int> created{0};
  std::vector<std::thread> runners;
  for (int i = 0; i < 16; ++i) {
    runners.emplace_back([&, i] {
      const auto put = store->PutIfAbsent("commit.json", "runner " + std::to_string(i));
      if (put && *put == store::PutOutcome::kCreated) ++created;
    });
  }
  for (auto& runner : runners) runner.join();
  EXPECT_EQ(created, 1);
}

TEST(MinioTest, WrongSecretIsNamedAndNotTold) {
  setenv("SLUICE_TEST_WRONG_KEY", std::getenv("AWS_ACCESS_KEY_ID"), 1);
  setenv("SLUICE_TEST_WRONG_SECRET", "this-is-the-wrong-secret", 1);
  store::S3Options options = Options();
  options.auth.access_key_env = "SLUICE_TEST_WRONG_KEY";
  options.auth.secret_key_env = "SLUICE_TEST_WRONG_SECRET";
  const auto put = NewStore(options)->Put("k", "v");
  ASSERT_THAT(put, IsError(ErrorKind::kPermission));
  EXPECT_THAT(put.error().remedy, HasSubstr("secret key"));
  EXPECT_THAT(put.error().message, ::testing::Not(HasSubstr("this-is-the-wrong-secret")));
}

TEST(MinioTest, MissingBucketIsNamed) {
  const auto store = *store::OpenS3Store("no-such-bucket-here", "", Options());
  const auto listed = store::ListAll(*store, "");
  ASSERT_THAT(listed, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(listed.error().message, HasSubstr("s3://no-such-bucket-here"));
}

TEST(MinioTest, UploadsAreListedOverManyPages) {
  const auto store = NewStore();
  constexpr size_t kUploads = 1'100;  // a page holds 1,000
  for (size_t i = 0; i < kUploads; ++i) {
    ASSERT_THAT(store->StartUpload("f" + std::to_string(i)), IsOk());
  }
  std::set<std::string> seen;
  ASSERT_THAT(store->ListUploads("f",
                                 [&](const auto& upload) {
                                   seen.insert(upload.key);
                                   return true;
                                 }),
              IsOk());
  EXPECT_EQ(seen.size(), kUploads);
}

TEST(MinioTest, FolderMarkersOfConsolesAreNotListed) {
  store::S3Request request;
  request.method = "PUT";
  request.key = "marked/folder/";
  ASSERT_TRUE(Client(Bucket()).Send(request));
  const auto store = *store::OpenS3Store(Bucket(), "marked", Options());
  EXPECT_TRUE(store::ListAll(*store, "")->empty());
}

}  // namespace
}  // namespace sluice::s3
