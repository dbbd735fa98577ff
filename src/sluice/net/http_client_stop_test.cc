#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

#include "sluice/net/http_client.h"
#include "sluice/testing/http_double.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/raw_server.h"

/// What ends a request that gets no answer: time, a cancelled token, and both while it waits for a connection.
namespace sluice::net {
namespace {

using std::chrono::steady_clock;
using testing::HasMessage;
using testing::HasRemedy;
using testing::HttpDouble;
using testing::IsError;
using testing::IsOk;
using testing::RawServer;
using ::testing::SizeIs;

constexpr char kHalf[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
constexpr auto kSoon =
    std::chrono::seconds(10);  // far less than any timeout that a test does not set

class HttpClientStopTest : public ::testing::Test {
 protected:
  HttpRequest Get(const std::string& url) const {
    HttpRequest request;
    request.url = url;
    request.cancel = &cancel_;
    return request;
  }
  /// Sends it, and cancels once `server` has answered as much as it will.
  Result<HttpResponse> SendAndCancel(const RawServer& server, const HttpRequest& request) {
    std::thread later([&] {
      while (server.answered() == 0) std::this_thread::yield();
      cancel_.Cancel(SIGTERM);
    });
    auto response = HttpClient({}, pool_).Send(request);
    later.join();
    return response;
  }
  steady_clock::duration passed() const { return steady_clock::now() - began_; }

  runtime::CancelToken cancel_;
  std::shared_ptr<ConnectionPool> pool_ = MakeConnectionPool(1, 2);
  const steady_clock::time_point began_ = steady_clock::now();
};

// --- Time

TEST_F(HttpClientStopTest, AnswerThatStallsMayComeLater) {
  RawServer server({{{kHalf}, true}});
  HttpOptions options;
  options.stall_timeout_ms = 1000;
  const auto response = HttpClient(options, pool_).Send(Get(server.endpoint()));
  ASSERT_THAT(response, IsError(ErrorKind::kTransient));
  EXPECT_THAT(response, HasMessage("127.0.0.1"));
  EXPECT_THAT(response, HasRemedy("check the network"));
  EXPECT_LT(passed(), kSoon);
}

TEST_F(HttpClientStopTest, AnswerThatTakesLongerThanTheLimitMayComeLater) {
  RawServer server({{{kHalf}, true}});
  HttpRequest request = Get(server.endpoint());
  request.limit = Duration{300'000};
  ASSERT_THAT(HttpClient({}, pool_).Send(request), IsError(ErrorKind::kTransient));
  EXPECT_LT(passed(), kSoon);
}

TEST_F(HttpClientStopTest, StalledBodyKeepsWhatCame) {
  RawServer server({{{kHalf}, true}});
  HttpOptions options;
  options.stall_timeout_ms = 1000;
  std::array<uint8_t, 100> memory{};
  HttpRequest request = Get(server.endpoint());
  request.into = memory;
  const auto response = HttpClient(options, pool_).Send(request);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->filled, 4u);
  EXPECT_NE(response->broken, "");
}

TEST_F(HttpClientStopTest, HandshakeThatIsNotAnsweredMayBeLater) {
  RawServer server({{{}, true}});
  HttpOptions options;
  options.connect_timeout_ms = 300;
  const auto response = HttpClient(options, pool_).Send(Get(server.host("https")));
  EXPECT_THAT(response, IsError(ErrorKind::kTransient));
  EXPECT_LT(passed(), kSoon);
}

// --- Cancellation

TEST_F(HttpClientStopTest, NothingIsSentOnceItIsCancelled) {
  HttpDouble server;
  cancel_.Cancel(SIGTERM);
  EXPECT_THAT(HttpClient({}, pool_).Send(Get(server.endpoint())), IsError(ErrorKind::kCancelled));
  EXPECT_THAT(server.seen(), SizeIs(0));
}

TEST_F(HttpClientStopTest, RequestIsStoppedInTheMidstOfABody) {
  RawServer server({{{kHalf}, true}});
  EXPECT_THAT(SendAndCancel(server, Get(server.endpoint())), IsError(ErrorKind::kCancelled));
  EXPECT_LT(passed(), kSoon);
}

TEST_F(HttpClientStopTest, HalfABodyThatWasCancelledIsNoAnswer) {
  RawServer server({{{kHalf}, true}});
  std::array<uint8_t, 100> memory{};
  HttpRequest request = Get(server.endpoint());
  request.into = memory;
  EXPECT_THAT(SendAndCancel(server, request), IsError(ErrorKind::kCancelled));
}

TEST_F(HttpClientStopTest, PatientRequestIsAnsweredAfterTheSignal) {
  HttpDouble server;
  server.Then(200, "done");
  cancel_.Cancel(SIGTERM);
  HttpRequest request = Get(server.endpoint());
  request.patience = Seconds(5);
  const auto response = HttpClient({}, pool_).Send(request);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "done");
}

TEST_F(HttpClientStopTest, PatienceEndsWhereNoByteComes) {
  RawServer server({{{kHalf}, true}});
  HttpRequest request = Get(server.endpoint());
  request.patience = Duration{100'000};
  const auto response = SendAndCancel(server, request);
  ASSERT_THAT(response, IsError(ErrorKind::kTransient)) << "it may have been carried out";
  EXPECT_THAT(response, HasMessage("before this process had to stop"));
  EXPECT_LT(passed(), kSoon);
}

TEST_F(HttpClientStopTest, ConnectionOfAStoppedRequestServesNoOther) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  RawServer server({{{kHalf}, true}, {{whole}}});
  ASSERT_THAT(SendAndCancel(server, Get(server.endpoint())), IsError(ErrorKind::kCancelled));
  HttpRequest next = Get(server.endpoint());
  next.cancel = nullptr;
  const auto response = HttpClient({}, pool_).Send(next);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->body, "ok");
}

// --- Waiting for a connection: the pool has one, and a second for what settles

class HttpClientQueueTest : public HttpClientStopTest {
 protected:
  HttpClientQueueTest() : busy_({{{kHalf}, true}}) {
    occupant_ = std::thread([this] { (void)HttpClient({}, pool_).Send(Get(busy_.endpoint())); });
    while (busy_.answered() == 0) std::this_thread::yield();
  }
  ~HttpClientQueueTest() override {
    cancel_.Cancel(SIGTERM);
    occupant_.join();
  }
  RawServer busy_;
  std::thread occupant_;
};

TEST_F(HttpClientQueueTest, WaitingEndsByCancellation) {
  HttpDouble server;
  runtime::CancelToken own;
  HttpRequest request = Get(server.endpoint());
  request.cancel = &own;
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    own.Cancel(SIGTERM);
  });
  EXPECT_THAT(HttpClient({}, pool_).Send(request), IsError(ErrorKind::kCancelled));
  later.join();
  EXPECT_THAT(server.seen(), SizeIs(0));
}

TEST_F(HttpClientQueueTest, PatienceEndsInTheQueueToo) {
  HttpDouble server;
  runtime::CancelToken own;
  own.Cancel(SIGTERM);
  HttpRequest request = Get(server.endpoint());
  request.cancel = &own;
  request.patience = Duration{100'000};
  const auto response = HttpClient({}, pool_).Send(request);
  ASSERT_THAT(response, IsError(ErrorKind::kTransient));
  EXPECT_THAT(response, HasMessage("no connection came free"));
  EXPECT_THAT(server.seen(), SizeIs(0));
}

TEST_F(HttpClientQueueTest, WhatSettlesDoesNotWaitForData) {
  HttpDouble server;
  server.Then(200);
  HttpRequest request = Get(server.endpoint());
  request.settles = true;
  EXPECT_THAT(HttpClient({}, pool_).Send(request), IsOk());
}

TEST_F(HttpClientQueueTest, NextInTheQueueGoesOnceAConnectionIsFree) {
  HttpDouble server;
  server.Then(200);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel_.Cancel(SIGTERM);
  });
  HttpRequest request = Get(server.endpoint());
  request.cancel = nullptr;
  EXPECT_THAT(HttpClient({}, pool_).Send(request), IsOk());
  later.join();
}

}  // namespace
}  // namespace sluice::net
