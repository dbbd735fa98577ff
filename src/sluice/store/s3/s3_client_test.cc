#include "sluice/store/s3/s3_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using ::testing::HasSubstr;
using testing::IsError;

TEST(S3ClientTest, MissingCaFileIsReportedAtOnce) {
  S3Options options;
  options.ca_bundle = "/nowhere/none.pem";
  const auto opened = OpenS3Access(options);
  ASSERT_THAT(opened, IsError(ErrorKind::kConfig));
  EXPECT_THAT(opened.error().message, HasSubstr("none.pem"));
}

}  // namespace
}  // namespace sluice::store
