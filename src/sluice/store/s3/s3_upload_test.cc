#include "sluice/store/s3/s3_upload.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/few_threads.h"
#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using testing::IsError;
using testing::IsOk;

/// Throws, as a library may, for as long as it is told to.
class ThrowingSource : public aws::CredentialsSource {
 public:
  Result<aws::Credentials> Get(std::string_view, const runtime::CancelToken&) override {
    if (throws) throw std::runtime_error("no memory for credentials");
    return aws::Credentials{"AKIDEXAMPLE", "secret-of-the-test", "", {}};
  }
  std::atomic<bool> throws{false};
};

class S3UploadTest : public ::testing::Test {
 protected:
  S3UploadTest() {
    server_.Always(200,
                   "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                   "</InitiateMultipartUploadResult>");
    S3Access access = *OpenS3Access(server_.Options());
    access.credentials = source_;
    store_ = OpenS3Store("bucket", "out", server_.Options(), access,
                         std::make_shared<UploadBudget>(UploadBudget::Limits{.parts = 1}));
  }

  S3Double server_;
  const std::shared_ptr<ThrowingSource> source_ = std::make_shared<ThrowingSource>();
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(S3UploadTest, PartThatThrowsIsAnErrorAndBlocksNoOtherUpload) {
  auto writer = store_->StartUpload("a");
  ASSERT_THAT(writer, IsOk());
  source_->throws = true;
  EXPECT_THAT((*writer)->Finish(), IsError(ErrorKind::kInternal));
  source_->throws = false;
  auto next = store_->StartUpload("b");
  ASSERT_THAT(next, IsOk());
  EXPECT_THAT((*next)->Finish(), IsOk());
}

TEST_F(S3UploadTest, PartsGoUpInTheCallingThreadWhereNoneCanBeStarted) {
  auto writer = store_->StartUpload("a");
  ASSERT_THAT(writer, IsOk());
  const testing::FewThreads none(0);
  EXPECT_THAT((*writer)->Append(std::vector<uint8_t>(PartSizes::kFirst)), IsOk());
  EXPECT_THAT((*writer)->Finish(), IsOk());
}

TEST_F(S3UploadTest, PartsOfAllUploadsWaitForOneAnother) {
  auto first = store_->StartUpload("a"), second = store_->StartUpload("b");
  const std::vector<uint8_t> part(PartSizes::kFirst);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT((*first)->Append(part), IsOk());
    EXPECT_THAT((*second)->Append(part), IsOk());
  }
  EXPECT_THAT((*first)->Finish(), IsOk());
  EXPECT_THAT((*second)->Finish(), IsOk());
}

}  // namespace
}  // namespace sluice::store
