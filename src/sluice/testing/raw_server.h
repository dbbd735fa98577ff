#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"

namespace sluice::testing {

/// A server on loopback that sends raw bytes: answers that http_double cannot give, cut anywhere or never ended.
/// It serves one connection after the other.
class RawServer {
 public:
  struct Connection {
    std::vector<std::string> answers;  ///< one for each request; "" sends nothing
    bool stays = false;  ///< after the last answer: silent until the client goes, not closed
  };

  explicit RawServer(std::vector<Connection> connections) : connections_(std::move(connections)) {
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
      for (const auto& connection : connections_) Serve(connection);
    });
  }
  ~RawServer() {
    shutdown(listener_, SHUT_RDWR);
    {
      const MutexLock lock(mutex_);
      if (open_ >= 0) shutdown(open_, SHUT_RDWR);
    }
    thread_.join();
    close(listener_);
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::string endpoint() const { return host("http"); }
  std::string host(const std::string& scheme) const {
    return scheme + "://127.0.0.1:" + std::to_string(port_);
  }
  /// The heads of the requests that were read so far.
  std::vector<std::string> requests() const {
    const MutexLock lock(mutex_);
    return requests_;
  }
  /// Their bodies.
  std::vector<std::string> bodies() const {
    const MutexLock lock(mutex_);
    return bodies_;
  }
  /// How many of them were answered.
  size_t answered() const {
    const MutexLock lock(mutex_);
    return answered_;
  }

 private:
  void Serve(const Connection& script) {
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) return;
    SetOpen(connection);
    for (const auto& answer : script.answers) {
      if (!ReadRequest(connection)) break;
      (void)send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
      const MutexLock lock(mutex_);
      ++answered_;
    }
    char byte = 0;
    while (script.stays && recv(connection, &byte, 1, 0) == 1) continue;
    SetOpen(-1);
    close(connection);
  }

  /// Head and body. The first byte of a TLS handshake is request enough.
  bool ReadRequest(int connection) {
    std::string head;
    char byte = 0;
    while (!head.ends_with("\r\n\r\n") && recv(connection, &byte, 1, 0) == 1) {
      head += byte;
      if (head[0] == '\x16') return true;
    }
    const size_t at = head.find("Content-Length: ");
    long body = at == std::string::npos ? 0 : std::atol(head.c_str() + at + 16);
    std::array<char, 65536> piece{};
    std::string text;
    for (long got = 1; body > 0 && got > 0; body -= got) {
      got = recv(connection, piece.data(),
                 std::min<size_t>(piece.size(), static_cast<size_t>(body)), 0);
      if (got > 0) text.append(piece.data(), static_cast<size_t>(got));
    }
    const MutexLock lock(mutex_);
    bodies_.push_back(std::move(text));
    requests_.push_back(head);
    return head.ends_with("\r\n\r\n");
  }

  void SetOpen(int connection) {
    const MutexLock lock(mutex_);
    open_ = connection;
  }

  const std::vector<Connection> connections_;
  int listener_ = -1;
  int port_ = 0;
  mutable Mutex mutex_;
  int open_ SLUICE_GUARDED_BY(mutex_) = -1;
  std::vector<std::string> requests_ SLUICE_GUARDED_BY(mutex_);
  std::vector<std::string> bodies_ SLUICE_GUARDED_BY(mutex_);
  size_t answered_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace sluice::testing
