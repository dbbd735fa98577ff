#include "sluice/aws/credential_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "sluice/testing/matchers.h"

namespace sluice::aws {
namespace {

using testing::HasMessage;
using testing::IsError;

Result<Credentials> Printed(const std::string& command) {
  return RunCredentialProcess("nightly", command, {});
}

TEST(CredentialProcessTest, PrintedCredentialsAreTaken) {
  const auto got =
      Printed(R"(echo '{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":"t",)"
              R"("Expiration":"2030-05-24T00:00:00Z"}')");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->access_key, "AKID");
  EXPECT_EQ(got->session_token, "t");
  EXPECT_EQ(got->expires, Timestamp{1'905'811'200'000'000});
}

TEST(CredentialProcessTest, FailureNamesTheProfileAndTheCode) {
  EXPECT_THAT(Printed("exit 3"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(Printed("exit 3"), HasMessage("profile 'nightly'"));
  EXPECT_THAT(Printed("exit 3"), HasMessage("code 3"));
}

TEST(CredentialProcessTest, WhatIsPrintedIsNeverInAnError) {
  const auto got = Printed("echo 'not json but hunter2'");
  EXPECT_THAT(got, IsError(ErrorKind::kPermission));
  EXPECT_THAT(got.error().message, ::testing::Not(::testing::HasSubstr("hunter2")));
}

TEST(CredentialProcessTest, OtherVersionIsRefused) {
  EXPECT_THAT(ParseProcessOutput(R"({"Version":2})"), HasMessage("version 1"));
  EXPECT_THAT(ParseProcessOutput(R"([])"), IsError(ErrorKind::kPermission));
}

TEST(CredentialProcessTest, HangingProgramIsEndedWhenTheTimeIsUp) {
  runtime::CancelToken cancel;
  std::thread timer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel.Cancel(-1);
  });
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(RunCredentialProcess("nightly", "exec sleep 60", cancel),
              IsError(ErrorKind::kCancelled));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
  timer.join();
}

}  // namespace
}  // namespace sluice::aws
