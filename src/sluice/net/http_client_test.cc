#include "sluice/net/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sluice/testing/http_double.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/raw_server.h"

/// What is sent, and what is made of answers. Time and cancellation: http_client_stop_test.
namespace sluice::net {
namespace {

using ::testing::Contains;
using testing::HasMessage;
using testing::HasRemedy;
using ::testing::HasSubstr;
using testing::HttpDouble;
using testing::IsError;
using testing::IsOk;
using ::testing::Key;
using ::testing::Not;
using testing::RawServer;
using ::testing::SizeIs;

HttpClient Client(HttpOptions options = {}) {
  return HttpClient(std::move(options), MakeConnectionPool(2));
}

HttpRequest Get(const std::string& url) {
  HttpRequest request;
  request.url = url;
  return request;
}

HttpRequest Put(const std::string& url, std::string_view body) {
  HttpRequest request = Get(url);
  request.method = "PUT";
  request.body = body;
  return request;
}

// --- Requests

TEST(HttpClientTest, HeadersAndBodyAreSentAsTheyAreGiven) {
  HttpDouble server;
  server.Then(200);
  HttpRequest request = Put(server.endpoint() + "/k", "the body");
  request.headers = {{"x-amz-meta-a", "1"}};
  ASSERT_THAT(Client().Send(request), IsOk());
  const auto seen = server.seen().at(0);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.body, "the body");
  EXPECT_EQ(seen.header("x-amz-meta-a"), "1");
}

TEST(HttpClientTest, BodyIsSentWithGetToo) {
  RawServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}});
  HttpRequest request = Put(server.endpoint() + "/k", R"({"start_version":0})");
  request.method = "GET";
  ASSERT_THAT(Client().Send(request), IsOk());
  EXPECT_THAT(server.requests().at(0), HasSubstr("GET /k HTTP/1.1"));
  EXPECT_EQ(server.bodies().at(0), R"({"start_version":0})");
}

TEST(HttpClientTest, BodyThatIsLongerThanAskedForIsRefused) {
  HttpDouble server;
  server.Then(200, "12345678").Then(200, "123456789");
  HttpRequest request = Get(server.endpoint());
  request.most_body_bytes = 8;
  EXPECT_THAT(Client().Send(request), IsOk());
  const auto refused = Client().Send(request);
  EXPECT_THAT(refused, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(refused, HasMessage("longer than 8 bytes"));
}

TEST(HttpClientTest, EmptyHeaderIsSentAndNothingThatWasNotAskedFor) {
  RawServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}}});
  const std::string body(2 << 20, 'x');
  HttpRequest request = Put(server.endpoint(), body);
  request.headers = {{"x-amz-empty", ""}};
  ASSERT_THAT(Client().Send(request), IsOk());
  const std::string head = server.requests().at(0);
  EXPECT_THAT(head, HasSubstr("\r\nx-amz-empty:\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Expect:"))) << "it costs a round trip";
  EXPECT_THAT(head, Not(HasSubstr("Accept:")));
}

TEST(HttpClientTest, PathIsSentAsItIsWritten) {
  HttpDouble server;
  server.Then(200);
  ASSERT_THAT(Client().Send(Get(server.endpoint() + "/a/../b%2Fc//d?x=%20")), IsOk());
  EXPECT_EQ(server.seen().at(0).target, "/a/../b%2Fc//d?x=%20") << "a signature covers these bytes";
}

TEST(HttpClientTest, RedirectIsAnAnswerAndNotFollowed) {
  HttpDouble server;
  server.Then(307, "", {{"Location", server.endpoint() + "/elsewhere"}}).Then(200);
  const auto response = Client().Send(Get(server.endpoint() + "/k"));
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 307);
  EXPECT_THAT(server.seen(), SizeIs(1));
}

TEST(HttpClientTest, OptionsOfOneRequestDoNotReachTheNextOnItsConnection) {
  HttpDouble server;
  std::vector<int> ports;
  const auto answer = [&ports](const httplib::Request& request, httplib::Response& response) {
    ports.push_back(request.remote_port);
    response.set_content("abc", "text/plain");
  };
  server.Then(answer).Then(answer).Then(answer);
  const HttpClient client = Client();
  HttpRequest head = Get(server.endpoint() + "/k");
  head.method = "HEAD";
  head.headers = {{"x-amz-meta-a", "1"}};
  ASSERT_THAT(client.Send(head), IsOk());
  ASSERT_THAT(client.Send(Put(server.endpoint() + "/k", "b")), IsOk());
  const auto read = client.Send(Get(server.endpoint() + "/k"));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->body, "abc");
  EXPECT_EQ(server.seen().at(2).method, "GET");
  EXPECT_EQ(server.seen().at(2).body, "");
  EXPECT_EQ(server.seen().at(2).header("x-amz-meta-a"), "");
  EXPECT_EQ(ports.at(0), ports.at(2)) << "the connection was not kept";
}

// --- Answers

TEST(HttpClientTest, AnyStatusIsAnAnswer) {
  HttpDouble server;
  server.Then(404, "gone").Then(503, "slow down");
  const HttpClient client = Client();
  const auto gone = client.Send(Get(server.endpoint()));
  ASSERT_THAT(gone, IsOk());
  EXPECT_EQ(gone->status, 404);
  EXPECT_EQ(gone->body, "gone");
  EXPECT_EQ(client.Send(Get(server.endpoint()))->status, 503);
}

TEST(HttpClientTest, HeaderNamesAreInLowerCaseAndValuesTrimmed) {
  RawServer server(
      {{{"HTTP/1.1 200 OK\r\nETag: \t \"a\" \r\nX-Empty:\r\nContent-Length: 0\r\n\r\n"}}});
  const auto response = Client().Send(Get(server.endpoint()));
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->header("etag"), "\"a\"");
  EXPECT_THAT(response->headers, Contains(Key("x-empty")));
  EXPECT_EQ(response->header("x-absent"), "");
}

TEST(HttpClientTest, HeadersOfAnInterimAnswerAreForgotten) {
  RawServer server(
      {{{"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
         "HTTP/1.1 200 OK\r\nX-Late: 2\r\nContent-Length: 2\r\n\r\nok"}}});
  const auto response = Client().Send(Get(server.endpoint()));
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "ok");
  EXPECT_EQ(response->header("x-early"), "");
  EXPECT_EQ(response->header("x-late"), "2");
}

TEST(HttpClientTest, AnswerToHeadHasNoBodyWhateverItsLength) {
  RawServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}, true}});
  HttpRequest request = Get(server.endpoint());
  request.method = "HEAD";
  const auto response = Client().Send(request);
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->header("content-length"), "5");
  EXPECT_EQ(response->body, "");
}

TEST(HttpClientTest, AnswerThatEndsAmongItsHeadersIsNoSuccess) {
  for (const std::string part :
       {"", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nETag: 1\r\n"}) {
    RawServer server({{{part}}});
    EXPECT_THAT(Client().Send(Get(server.endpoint())), IsError(ErrorKind::kTransient)) << part;
  }
}

TEST(HttpClientTest, AnswerThatIsNotHttpBlamesTheEndpoint) {
  RawServer server({{{"SSH-2.0-OpenSSH_9.2\r\n"}}});
  const auto sent = Client().Send(Get(server.endpoint()));
  ASSERT_THAT(sent, IsError(ErrorKind::kConfig));
  EXPECT_THAT(sent, HasRemedy("`endpoint`"));
}

TEST(HttpClientTest, BodyThatWasSentTwiceIsReported) {
  const std::string empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  RawServer server({{{empty, ""}}, {{empty}}});  // it reads the second request, and is gone
  const HttpClient client = Client();
  const auto first = client.Send(Put(server.endpoint(), "one"));
  ASSERT_THAT(first, IsOk());
  EXPECT_FALSE(first->resent);
  const auto second = client.Send(Put(server.endpoint(), "two"));
  ASSERT_THAT(second, IsOk());
  EXPECT_TRUE(second->resent) << "the server may have carried it out twice";
  EXPECT_THAT(server.requests(), SizeIs(3));
}

// --- Bodies into the caller's memory

class HttpClientIntoTest : public ::testing::Test {
 protected:
  Result<HttpResponse> Read() {
    HttpRequest request = Get(server_.endpoint());
    request.into = std::span<uint8_t>(memory_).first(4);
    return Client().Send(request);
  }
  std::string memory() const { return {memory_.begin(), memory_.end()}; }

  HttpDouble server_;
  std::array<uint8_t, 6> memory_{'-', '-', '-', '-', '-', '-'};
};

TEST_F(HttpClientIntoTest, SuccessFillsIt) {
  server_.Then(206, "abcd");
  const auto response = Read();
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->filled, 4u);
  EXPECT_EQ(response->body + response->broken, "");
  EXPECT_EQ(memory(), "abcd--");
}

TEST_F(HttpClientIntoTest, MoreThanItHoldsIsBrokenAndNothingIsWrittenBehindIt) {
  server_.Then(200, "abcdefghij");
  const auto response = Read();
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->filled, 4u);
  EXPECT_NE(response->broken, "");
  EXPECT_EQ(memory(), "abcd--");
}

TEST_F(HttpClientIntoTest, BodyThatBreaksOffKeepsWhatCame) {
  server_.ThenBreakOff(206, 4, "ab");
  const auto response = Read();
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->status, 206);
  EXPECT_EQ(response->filled, 2u);
  EXPECT_NE(response->broken, "");
  EXPECT_EQ(memory(), "ab----");
}

TEST_F(HttpClientIntoTest, BodyOfARefusalStaysOutOfIt) {
  server_.Then(403, "denied, and longer than the memory");
  const auto response = Read();
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->filled, 0u);
  EXPECT_THAT(response->body, HasSubstr("denied"));
  EXPECT_EQ(memory(), "------");
}

TEST(HttpClientTest, BodyThatBreaksOffWithoutMemoryForItIsAnErrorThatMayPass) {
  HttpDouble server;
  server.ThenBreakOff(200, 100, "half");
  const auto response = Client().Send(Get(server.endpoint()));
  ASSERT_THAT(response, IsError(ErrorKind::kTransient));
  EXPECT_TRUE(IsRetryable(response.error().kind));
}

// --- Errors

TEST(HttpClientTest, WhatTheConfigCausedIsNotTriedAgainAndNamesItsKey) {
  EXPECT_THAT(Client().Send(Get("ftp://host/k")), IsError(ErrorKind::kConfig));
  EXPECT_THAT(Client().Send(Get("http://ho st/k")), HasRemedy("`endpoint`"));
  RawServer server({{{}, true}});
  HttpOptions options;
  options.ca_bundle = "/nowhere/none.pem";
  const auto sent = Client(options).Send(Get(server.host("https")));
  ASSERT_THAT(sent, IsError(ErrorKind::kConfig));
  EXPECT_THAT(sent, HasMessage("none.pem"));
  EXPECT_THAT(sent, HasRemedy("`ca_bundle`"));
}

TEST(HttpClientTest, ServerWithoutTlsIsAMistakeOfTheConfig) {
  RawServer server({{{"HTTP/1.1 400 Bad Request\r\n\r\n"}}});
  const auto sent = Client().Send(Get(server.host("https")));
  ASSERT_THAT(sent, IsError(ErrorKind::kConfig));
  EXPECT_THAT(sent, HasRemedy("http://"));
}

TEST(HttpClientTest, TlsHandshakeThatBreaksOffMayPass) {
  RawServer server({{{""}}});
  const auto sent = Client().Send(Get(server.host("https")));
  EXPECT_THAT(sent, IsError(ErrorKind::kTransient));
}

TEST(HttpClientTest, ServerThatIsDownMayComeBack) {
  std::string endpoint;
  { endpoint = RawServer({}).endpoint(); }
  const auto sent = Client().Send(Get(endpoint));
  ASSERT_THAT(sent, IsError(ErrorKind::kTransient));
  EXPECT_THAT(sent, HasMessage(endpoint.substr(7) + ": "));
  EXPECT_THAT(sent, HasRemedy("`endpoint`"));
}

TEST(HttpClientTest, ErrorsHoldNoPartOfTheUrlButItsHost) {
  RawServer server({{{"HTTP/1.1 200 OK\r\n"}}});
  const std::string at = server.endpoint().substr(7), rest = "/secret-key?X-Amz-Signature=secret";
  for (const std::string& url :
       {"http://user:secret@" + at + rest, "http://user:secret@127.0.0.1:1" + rest,
        "ftp://user:secret@" + at + rest, "http://user:secret@" + at + "/a b\x01" + rest}) {
    HttpRequest request = Get(url);
    request.headers = {{"Authorization", "secret"}};
    const auto sent = Client().Send(request);
    ASSERT_FALSE(sent) << url;
    EXPECT_THAT(sent, Not(HasMessage("secret")));
    EXPECT_THAT(sent.error().remedy, Not(HasSubstr("secret")));
  }
}

}  // namespace
}  // namespace sluice::net
