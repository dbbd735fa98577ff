#include "sluice/catalog/patient_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/testing/fake_clock.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/raw_server.h"

namespace sluice::catalog {
namespace {

using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

constexpr char kYes[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

TEST(PatientHttp, AServerThatDidNotAnswerIsAskedOnlyOnceForAMinute) {
  const testing::RawServer::Connection silent{{""}}, answers{{kYes}};
  const testing::RawServer server(
      {silent, silent, silent, silent, silent, silent, silent, answers});
  const auto clock = std::make_shared<testing::FakeClock>();
  runtime::RetryPolicy policy;
  policy.attempts = 3;
  const PatientHttp http(
      std::make_shared<const net::HttpClient>(net::HttpOptions{}, net::MakeConnectionPool(1)),
      clock, runtime::SeededEntropy(1), policy);
  const auto ask = [&] {
    net::HttpRequest request;
    request.url = server.endpoint();
    return http.Send(request, {});
  };
  EXPECT_THAT(ask(), IsError(ErrorKind::kTransient));
  EXPECT_THAT(server.requests(), SizeIs(3));
  EXPECT_THAT(ask(), IsError(ErrorKind::kTransient));
  EXPECT_THAT(server.requests(), SizeIs(4));
  clock->Advance(Minutes(2));
  EXPECT_THAT(ask(), IsError(ErrorKind::kTransient));
  EXPECT_THAT(server.requests(), SizeIs(7));
  EXPECT_THAT(ask(), IsOk());
}

}  // namespace
}  // namespace sluice::catalog
