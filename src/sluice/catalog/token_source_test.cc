#include "sluice/catalog/token_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "sluice/runtime/entropy.h"
#include "sluice/runtime/log.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/http_double.h"
#include "sluice/testing/matchers.h"

namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::IsError;
using ::testing::SizeIs;

class TokenSourceTest : public ::testing::Test {
 protected:
  TokenSourceTest() {
    sign_in_.host = server_.endpoint();
    sign_in_.client_id = "an-id";
    sign_in_.client_secret = "the-client-secret";
    runtime::RegisterSecret(sign_in_.client_secret);  // as FindSignIn does
  }
  void Discovery() {
    server_.Then(200, R"({"token_endpoint":")" + server_.endpoint() + R"(/elsewhere/token"})");
  }
  void Token(const std::string& token, int64_t seconds = 3600) {
    server_.Then(200, R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" +
                          std::to_string(seconds) + "}");
  }
  TokenSource& Source() {
    if (!source_) {
      auto http =
          std::make_shared<const net::HttpClient>(net::HttpOptions{}, net::MakeConnectionPool(8));
      source_ = MakeTokenSource(
          sign_in_,
          std::make_shared<const PatientHttp>(std::move(http), clock_, runtime::SeededEntropy(1),
                                              runtime::RetryPolicy{}),
          clock_);
    }
    return *source_;
  }
  std::string Get(std::string_view refused = {}) {
    const auto token = Source().Get(refused, {});
    return token ? *token : token.error().message;
  }

  SignIn sign_in_;
  testing::HttpDouble server_;
  std::shared_ptr<testing::FakeClock> clock_ = std::make_shared<testing::FakeClock>();
  std::shared_ptr<TokenSource> source_;
};

TEST_F(TokenSourceTest, IdAndSecretAreExchangedAtTheEndpointThatTheHostNames) {
  Discovery();
  Token("token-one");
  EXPECT_EQ(Get(), "token-one");
  const auto seen = server_.seen();
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].target, "/oidc/.well-known/oauth-authorization-server");
  EXPECT_EQ(seen[1].target, "/elsewhere/token");
  EXPECT_EQ(seen[1].header("authorization"), "Basic YW4taWQ6dGhlLWNsaWVudC1zZWNyZXQ=");
  EXPECT_EQ(seen[1].header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(seen[1].body, "grant_type=client_credentials&scope=all-apis");
}

TEST_F(TokenSourceTest, WithoutMetadataTheUsualEndpointIsAsked) {
  server_.Then(404, "<html>");
  Token("token-two");
  EXPECT_EQ(Get(), "token-two");
  EXPECT_EQ(server_.seen()[1].target, "/oidc/v1/token");
}

TEST_F(TokenSourceTest, TokenIsUsedUntilFiveMinutesBeforeItExpires) {
  Discovery();
  Token("token-three");
  Token("token-four");
  EXPECT_EQ(Get(), "token-three");
  clock_->Advance(Minutes(54));
  EXPECT_EQ(Get(), "token-three");
  clock_->Advance(Minutes(1));
  EXPECT_EQ(Get(), "token-four");
  EXPECT_THAT(server_.seen(), SizeIs(3)) << "the endpoint is known";
}

TEST_F(TokenSourceTest, ShortLivedTokenIsNotFetchedForEachRequest) {
  Discovery();
  Token("token-five", 60);
  EXPECT_EQ(Get(), "token-five");
  clock_->Advance(Seconds(47));
  EXPECT_EQ(Get(), "token-five");
}

TEST_F(TokenSourceTest, RefusedTokenIsRenewedOnceForAll) {
  Discovery();
  Token("token-six");
  Token("token-seven");
  EXPECT_EQ(Get(), "token-six");
  EXPECT_EQ(Get("token-six"), "token-seven");
  EXPECT_EQ(Get("token-six"), "token-seven");
}

TEST_F(TokenSourceTest, ThreadsShareOneRefresh) {
  Discovery();
  Token("token-eight");
  Source();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this] { EXPECT_EQ(Get(), "token-eight"); });
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(server_.seen(), SizeIs(2));
}

TEST_F(TokenSourceTest, RefusalIsNotRetriedAndNamesTheClient) {
  Discovery();
  server_.Then(401,
               R"({"error":"invalid_client","error_description":"no the-client-secret here"})");
  const auto token = Source().Get({}, {});
  EXPECT_THAT(token, IsError(ErrorKind::kPermission));
  EXPECT_THAT(token, HasMessage("client an-id"));
  EXPECT_THAT(token, HasMessage("invalid_client: no *** here"));
  EXPECT_THAT(server_.seen(), SizeIs(2));
}

TEST_F(TokenSourceTest, OverloadIsWaitedFor) {
  Discovery();
  server_.Then(429, "{}", {{"Retry-After", "7"}}).Then(503, "");
  Token("token-nine");
  EXPECT_EQ(Get(), "token-nine");
}

TEST_F(TokenSourceTest, AnswerWithoutATokenIsCorrupt) {
  Discovery();
  server_.Then(200, R"({"token_type":"Bearer"})");
  EXPECT_THAT(Source().Get({}, {}), IsError(ErrorKind::kCorrupt));
}

TEST_F(TokenSourceTest, SecretsAreHiddenFromTheLog) {
  Discovery();
  Token("token-to-hide");
  Get();
  EXPECT_EQ(runtime::Redact("token-to-hide YW4taWQ6dGhlLWNsaWVudC1zZWNyZXQ="), "*** ***");
}

TEST_F(TokenSourceTest, FixedTokenStaysTheSame) {
  sign_in_.client_id.clear();
  sign_in_.token = "fixed";
  EXPECT_EQ(Get(), "fixed");
  EXPECT_EQ(Get("fixed"), "fixed");
  EXPECT_THAT(server_.seen(), SizeIs(0));
}

}  // namespace
}  // namespace sluice::catalog
