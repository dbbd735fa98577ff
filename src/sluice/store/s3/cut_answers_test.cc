#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sluice/store/s3/s3_double_fixture.h"
#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using testing::IsError;

/// Sends one raw answer to each connection, byte for byte, and closes it.
class RawServer {
 public:
  explicit RawServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      for (const auto& answer : answers_) Answer(answer);
    });
  }
  ~RawServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void Answer(const std::string& answer) const {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && recv(connection, &byte, 1, 0) == 1) request += byte;
    (void)send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
    close(connection);
  }

  const std::vector<std::string> answers_;
  int listener_ = -1;
  int port_ = 0;
  std::thread thread_;
};

constexpr char kWhole[] =
    "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 3\r\nConnection: close\r\n\r\n";

class CutAnswersTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> Open(const RawServer& server, int tries = 4) const {
    S3Options options = double_.Options();
    options.endpoint = server.endpoint();
    options.retry.attempts = tries;
    return *OpenS3Store("bucket", "out", options);
  }
  S3Double double_;  // for its credentials
};

TEST_F(CutAnswersTest, LookupWhoseHeadersAreCutAnywhereIsAskedAgain) {
  const std::string whole = kWhole;
  for (size_t cut = 0; cut + 1 < whole.size(); cut += 3) {
    const RawServer server({whole.substr(0, cut), whole});
    const auto info = Open(server)->Head("k");
    ASSERT_TRUE(info) << "cut after " << cut << ": " << info.error().message;
    EXPECT_EQ(info->size, 3);
  }
}

TEST_F(CutAnswersTest, HeadersThatAreAlwaysCutAreATransientError) {
  const std::string part = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n";
  const RawServer server({part, part});
  EXPECT_THAT(Open(server, 2)->Head("k"), IsError(ErrorKind::kTransient));
}

}  // namespace
}  // namespace sluice::store
