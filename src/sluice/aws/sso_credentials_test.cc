#include "sluice/aws/sso_credentials.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sluice/aws/find_credentials.h"
#include "sluice/aws/signer.h"
#include "sluice/testing/http_double.h"
#include "sluice/testing/matchers.h"

namespace sluice::aws {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;

class SsoCredentialsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(home_ / ".aws/sso/cache");
    setenv("HOME", home_.c_str(), 1);
    setenv("AWS_ENDPOINT_URL_SSO", server_.endpoint().c_str(), 1);
    Write("config",
          "[profile nightly]\nsso_session = corp\nsso_account_id = 123456789012\n"
          "sso_role_name = Export\n[sso-session corp]\nsso_region = eu-west-1\n");
  }
  void TearDown() override {
    unsetenv("AWS_ENDPOINT_URL_SSO");
    setenv("HOME", before_.c_str(), 1);
    std::filesystem::remove_all(home_);
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(home_ / ".aws" / name) << text;
  }
  void SignIn(const std::string& expires) {
    Write("sso/cache/" + HexSha1("corp") + ".json",
          R"({"accessToken":"token-of-the-sign-in","expiresAt":")" + expires + "\"}");
  }
  Result<Credentials> Get() {
    const auto http =
        std::make_shared<const net::HttpClient>(net::HttpOptions{}, net::MakeConnectionPool(1));
    Auth auth;
    auth.profile = "nightly";
    const auto source = FindCredentials(auth, "us-east-1", http);
    if (!source) return Fail(source.error());
    return (*source)->Get({}, {});
  }

  testing::HttpDouble server_;
  const std::string before_ = getenv("HOME") != nullptr ? getenv("HOME") : "";
  const std::filesystem::path home_ =
      std::filesystem::temp_directory_path() / ("sluice_sso_" + std::to_string(getpid()));
};

TEST_F(SsoCredentialsTest, TokenOfTheSignInIsExchangedForCredentialsOfTheRole) {
  SignIn("2099-01-01T00:00:00Z");
  server_.Then(200,
               R"({"roleCredentials":{"accessKeyId":"ASIA1","secretAccessKey":"secret-of-role",)"
               R"("sessionToken":"token-of-role","expiration":4070908800000}})");
  const auto got = Get();
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(got->access_key, "ASIA1");
  EXPECT_EQ(got->expires, Timestamp{4'070'908'800'000'000});
  const auto seen = server_.seen().at(0);
  EXPECT_EQ(seen.target, "/federation/credentials?account_id=123456789012&role_name=Export");
  EXPECT_EQ(seen.header("x-amz-sso_bearer_token"), "token-of-the-sign-in");
}

TEST_F(SsoCredentialsTest, WithoutASignInTheCommandIsNamed) {
  EXPECT_THAT(Get(), IsError(ErrorKind::kPermission));
  EXPECT_THAT(Get(), HasRemedy("aws sso login --profile nightly"));
}

TEST_F(SsoCredentialsTest, ExpiredSignInIsNotSent) {
  SignIn("2020-01-01T00:00:00Z");
  EXPECT_THAT(Get(), HasMessage("has expired"));
  EXPECT_TRUE(server_.seen().empty());
}

TEST_F(SsoCredentialsTest, RefusalNamesTheRoleAndTheAccount) {
  SignIn("2099-01-01T00:00:00Z");
  server_.Then(403, "{}");
  EXPECT_THAT(Get(), HasMessage("role Export in account 123456789012"));
}

TEST_F(SsoCredentialsTest, MissingSettingIsNamedAtOnce) {
  Write("config",
        "[profile nightly]\nsso_session = corp\nsso_account_id = 1\n[sso-session corp]\n");
  EXPECT_THAT(Get(), IsError(ErrorKind::kConfig));
  EXPECT_THAT(Get(), HasMessage("sso_region"));
}

TEST_F(SsoCredentialsTest, ProfileOfTheConfigDoesNotBecomeTheEnvironments) {
  SignIn("2099-01-01T00:00:00Z");
  server_.Always(200, R"({"roleCredentials":{"accessKeyId":"A","secretAccessKey":"B"}})");
  ASSERT_TRUE(Get());
  EXPECT_EQ(getenv("AWS_PROFILE"), nullptr);
}

}  // namespace
}  // namespace sluice::aws
