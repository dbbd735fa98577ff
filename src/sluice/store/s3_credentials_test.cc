#include "sluice/store/s3_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sluice/store/s3_client.h"
#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::IsError;

class S3CredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(folder_);
    setenv("AWS_SHARED_CREDENTIALS_FILE", file_.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("AWS_SHARED_CREDENTIALS_FILE");
    std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& text) { std::ofstream(file_) << text; }
  Error ErrorFor(const std::string& profile) {
    S3Options options;
    options.auth.profile = profile;
    const auto found = OpenS3Client("bucket", options);
    EXPECT_FALSE(found);
    return found ? Error{} : found.error();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("sluice_credentials_" + std::to_string(getpid()));
  const std::string file_ = folder_ / "credentials";
};

TEST_F(S3CredentialsTest, MissingProfileIsNamedWithTheFileThatLacksIt) {
  Write("[other]\n");
  const Error error = ErrorFor("nightly");
  EXPECT_EQ(error.kind, ErrorKind::kConfig);
  EXPECT_THAT(error.message, AllOf(HasSubstr("'nightly'"), HasSubstr(file_)));
}

TEST_F(S3CredentialsTest, HalfAProfileIsNamedWithWhatItLacks) {
  Write("[nightly]\naws_access_key_id = AKIDEXAMPLE\n");
  const Error error = ErrorFor("nightly");
  EXPECT_EQ(error.kind, ErrorKind::kConfig);
  EXPECT_THAT(error.message, AllOf(HasSubstr("'nightly'"), HasSubstr("aws_secret_access_key")));
}

TEST_F(S3CredentialsTest, CaFileThatIsNotThereIsToldAtOnce) {
  Write("[nightly]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n");
  S3Options options;
  options.auth.profile = "nightly";
  options.ca_bundle = folder_ / "none.pem";
  const auto opened = OpenS3Client("bucket", options);
  ASSERT_THAT(opened, IsError(ErrorKind::kConfig));
  EXPECT_THAT(opened.error().message, HasSubstr("none.pem"));
}

}  // namespace
}  // namespace sluice::store
