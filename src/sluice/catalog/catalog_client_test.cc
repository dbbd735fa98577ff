#include "sluice/catalog/catalog_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "sluice/catalog/catalog_fixture.h"
#include "sluice/testing/raw_server.h"

/// One request: what is sent, what is asked again, and what servers answer that are not a catalog.
namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using ::testing::HasSubstr;
using testing::HttpDouble;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kTarget[] = "GET /tables/main.sales.events";

class CatalogClientTest : public CatalogTest {
 protected:
  CatalogClientTest() { OnlyOlderApi(); }
  static int Requests(const std::vector<std::string>& asked) {
    return static_cast<int>(std::count(asked.begin(), asked.end(), kTarget));
  }
};

TEST_F(CatalogClientTest, TokenAndFormAreSent) {
  On(kTarget, 200, TableInfo("events"));
  ASSERT_THAT(Find(), IsOk());
  const auto seen = server_.seen().back();
  EXPECT_EQ(seen.header("Authorization"), std::string("Bearer ") + kToken);
  EXPECT_EQ(seen.header("Accept"), "application/json");
  EXPECT_THAT(seen.header("User-Agent"), HasSubstr("sluice/"));
}

TEST_F(CatalogClientTest, NamesAreEncodedIntoThePath) {
  catalog_ = Open(Options());
  (void)catalog_->FindTable({"ma/in", "sa les", "a?b#c%2f..&grün"}, {});
  EXPECT_EQ(Asked().back(), "GET /tables/ma%2Fin.sa%20les.a%3Fb%23c%252f..%26gr%C3%BCn");
  EXPECT_EQ(PathSegment(".."), "%2E%2E");
  EXPECT_EQ(PathSegment("a/../b"), "a%2F..%2Fb");
}

// --- Again

TEST_F(CatalogClientTest, TooManyRequestsAreWaitedForAsLongAsTheServerSays) {
  On(kTarget, 429, "{}", {{"Retry-After", "17"}});
  On(kTarget, 200, TableInfo("events"));
  const int64_t began = clock_->MonotonicMicros();
  ASSERT_THAT(Find(), IsOk());
  EXPECT_GE(clock_->MonotonicMicros() - began, Seconds(17).micros);
}

TEST_F(CatalogClientTest, RetryAfterMayBeADate) {
  On(kTarget, 503, "{}",
     {{"Retry-After", "Wed, 21 Oct 2015 07:28:30 GMT"}, {"Date", "Wed, 21 Oct 2015 07:28:00 GMT"}});
  On(kTarget, 200, TableInfo("events"));
  const int64_t began = clock_->MonotonicMicros();
  ASSERT_THAT(Find(), IsOk());
  EXPECT_GE(clock_->MonotonicMicros() - began, Seconds(30).micros);
}

TEST_F(CatalogClientTest, WaitBeyondTheDeadlineIsNotBegun) {
  On(kTarget, 429, R"({"error_code":"RATE_LIMIT","message":"tomorrow"})",
     {{"Retry-After", "86400"}});
  const auto found = Find();
  EXPECT_THAT(found, IsError(ErrorKind::kTransient));
  EXPECT_THAT(found, HasMessage("RATE_LIMIT: tomorrow"));
  EXPECT_EQ(Requests(Asked()), 1);
  EXPECT_LT(clock_->MonotonicMicros(), Minutes(1).micros);
}

TEST_F(CatalogClientTest, ServerThatStaysOverloadedIsGivenUp) {
  On(kTarget, 500, R"({"error":{"type":"InternalServerErrorException","message":"oops"}})");
  EXPECT_THAT(Find(), HasMessage("InternalServerErrorException: oops"));
  EXPECT_EQ(Requests(Asked()), runtime::RetryPolicy{}.attempts);
}

TEST_F(CatalogClientTest, LostAnswerIsAskedForAgain) {
  HttpDouble flaky;
  flaky.ThenBreakOff(200, 1000, "{\"na").Then(404, "none").Then(200, TableInfo("events"));
  CatalogOptions options = Options();
  options.url = flaky.endpoint();
  EXPECT_THAT(Open(options)->FindTable({"main", "sales", "events"}, {}), IsOk());
  EXPECT_THAT(flaky.seen(), SizeIs(3));
}

TEST_F(CatalogClientTest, RefusedFixedTokenIsNotAskedForAgain) {
  On(kTarget, 401, R"({"error_code":"UNAUTHENTICATED","message":"token expired"})");
  EXPECT_THAT(Find(), IsError(ErrorKind::kPermission));
  EXPECT_EQ(Requests(Asked()), 1);
}

TEST_F(CatalogClientTest, MissingTokenIsNotCalledARefusedOne) {
  On(kTarget, 401, R"({"error_code":"UNAUTHENTICATED","message":"no token"})");
  CatalogOptions options = Options();
  options.token_env.reset();
  const auto found = Open(options)->FindTable({"main", "sales", "events"}, {});
  EXPECT_THAT(found, IsError(ErrorKind::kPermission));
  EXPECT_THAT(found, HasMessage("none is configured"));
  EXPECT_EQ(server_.seen().back().header("Authorization"), "");
}

TEST_F(CatalogClientTest, CancelledTokenEndsTheWaiting) {
  On(kTarget, 429, "{}", {{"Retry-After", "10"}});
  runtime::CancelToken cancel;
  cancel.Cancel(2);
  EXPECT_THAT(Open(Options())->FindTable({"main", "sales", "events"}, cancel),
              IsError(ErrorKind::kCancelled));
}

// --- Servers of another kind

TEST_F(CatalogClientTest, HtmlIsAMistakeInTheUrl) {
  On(kTarget, 200, "<!DOCTYPE html><title>Sign in</title>");
  EXPECT_THAT(Find(), IsError(ErrorKind::kConfig));
  EXPECT_THAT(Find(), HasMessage("answered with HTML"));
  EXPECT_THAT(Find(), HasRemedy("catalog.url"));
}

TEST_F(CatalogClientTest, HtmlForACallThatIsMissingLeavesItToTheOlderApi) {
  On("GET /delta/v1/config?catalog=other&protocol-versions=1.0", 404, "<html>not found</html>");
  const auto found = Open(Options())->FindTable({"other", "sales", "events"}, {});
  EXPECT_EQ(Asked().back(), "GET /tables/other.sales.events");
  EXPECT_FALSE(found);
}

TEST_F(CatalogClientTest, RedirectIsAMistakeInTheUrlAndNotFollowed) {
  On(kTarget, 302, "", {{"Location", "http://elsewhere.example/login"}});
  EXPECT_THAT(Find(), IsError(ErrorKind::kConfig));
  EXPECT_THAT(Find(), HasMessage("redirect"));
}

TEST_F(CatalogClientTest, WhatIsNotAnObjectIsCorrupt) {
  for (const char* body : {"", "not json", "[]", "7", "{\"a\":", "\xff\xfe"}) {
    On("GET /tables/main.sales.broken", 200, body);
    EXPECT_THAT(Find("broken"), IsError(ErrorKind::kCorrupt)) << body;
  }
}

TEST_F(CatalogClientTest, DeepAnswerIsRefused) {
  On(kTarget, 200, "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}");
  EXPECT_THAT(Find(), HasMessage("nested more than"));
}

TEST_F(CatalogClientTest, BracketsInTextsAreNotDepth) {
  On(kTarget, 200, TableInfo("events", R"(,"comment":")" + std::string(100, '[') + R"(\"[")"));
  EXPECT_THAT(Find(), IsOk());
}

TEST_F(CatalogClientTest, HugeAnswerIsRefused) {
  On(kTarget, 200, TableInfo("events", R"(,"comment":")" + std::string(17 << 20, 'x') + "\""));
  EXPECT_THAT(Find(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Find(), HasMessage("longer than 16777216 bytes"));
}

TEST_F(CatalogClientTest, AnswerAboutAnotherTableIsCorrupt) {
  On(kTarget, 200, TableInfo("other"));
  EXPECT_THAT(Find(), HasMessage("another table, main.sales.other"));
}

TEST_F(CatalogClientTest, UnreachableServerMayComeLater) {
  CatalogOptions options = Options();
  options.url = "http://127.0.0.1:1";
  const auto found = Open(options)->FindTable({"main", "sales", "events"}, {});
  EXPECT_THAT(found, IsError(ErrorKind::kTransient));
  EXPECT_THAT(found, HasRemedy("catalog.url"));
}

TEST_F(CatalogClientTest, ServerWithoutTlsIsAMistakeInTheUrl) {
  testing::RawServer plain({{{"HTTP/1.1 400 Bad Request\r\n\r\n"}}});
  CatalogOptions options = Options();
  options.url = plain.host("https");
  const auto found = Open(options)->FindTable({"main", "sales", "events"}, {});
  EXPECT_THAT(found, IsError(ErrorKind::kConfig));
  EXPECT_THAT(found, HasRemedy("catalog.url"));
}

TEST_F(CatalogClientTest, TokenThatTheServerEchoesIsInNoError) {
  On(kTarget, 403, std::string(R"({"error_code":"X","message":"you sent )") + kToken + "\"}");
  const auto found = Find();
  ASSERT_THAT(found, IsError(ErrorKind::kPermission));
  EXPECT_THAT(found.error().message, Not(HasSubstr(kToken)));
}

}  // namespace
}  // namespace sluice::catalog
