#include "sluice/aws/find_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::aws {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FindCredentialsTest : public ::testing::Test {
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
    Auth auth;
    auth.profile = profile;
    const auto found = FindCredentials(auth, "us-east-1", nullptr);
    EXPECT_FALSE(found);
    return found ? Error{} : found.error();
  }

  const std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("sluice_credentials_" + std::to_string(getpid()));
  const std::string file_ = folder_ / "credentials";
};

TEST_F(FindCredentialsTest, MissingProfileIsNamedWithTheFileThatLacksIt) {
  Write("[other]\n");
  const Error error = ErrorFor("nightly");
  EXPECT_EQ(error.kind, ErrorKind::kConfig);
  EXPECT_THAT(error.message, AllOf(HasSubstr("'nightly'"), HasSubstr(file_)));
}

TEST_F(FindCredentialsTest, HalfAProfileIsNamedWithWhatItLacks) {
  Write("[nightly]\naws_access_key_id = AKIDEXAMPLE\n");
  const Error error = ErrorFor("nightly");
  EXPECT_EQ(error.kind, ErrorKind::kConfig);
  EXPECT_THAT(error.message, AllOf(HasSubstr("'nightly'"), HasSubstr("aws_secret_access_key")));
}

}  // namespace
}  // namespace sluice::aws
