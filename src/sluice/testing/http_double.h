#pragma once

#include <httplib.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"

namespace sluice::testing {

/// A server on loopback that answers the requests of a test one after another, as the test says, and
/// keeps them. A request beyond the last answer gets 500, and the test fails by what it counts.
class HttpDouble {
 public:
  using Answer = std::function<void(const httplib::Request&, httplib::Response&)>;
  struct Seen {
    std::string method, target, body;
    httplib::Headers headers;
    std::string header(const std::string& name) const {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string() : found->second;
    }
  };

  HttpDouble() {
    server_.new_task_queue = [] { return new httplib::ThreadPool(80); };
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      Handle(request, response);
    };
    server_.Get(".*", handle).Put(".*", handle).Post(".*", handle).Delete(".*", handle);
    server_.set_keep_alive_timeout(1);
    server_.set_tcp_nodelay(true);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~HttpDouble() {
    server_.stop();
    thread_.join();
  }

  HttpDouble& Then(Answer answer) {
    const MutexLock lock(mutex_);
    answers_.push_back(std::move(answer));
    return *this;
  }
  HttpDouble& Then(int status, std::string body = {}, httplib::Headers headers = {}) {
    return Then([status, body = std::move(body), headers = std::move(headers)](
                    const httplib::Request&, httplib::Response& response) {
      response.status = status;
      for (const auto& [name, value] : headers) response.set_header(name.c_str(), value);
      response.set_content(body, "application/xml");
    });
  }
  /// Whatever comes after the answers that were given so far.
  HttpDouble& Always(Answer answer) {
    const MutexLock lock(mutex_);
    always_ = std::move(answer);
    return *this;
  }
  HttpDouble& Always(int status, const std::string& body) {
    return Always([status, body](const httplib::Request&, httplib::Response& response) {
      response.status = status;
      response.set_content(body, "application/xml");
    });
  }
  /// An error as AWS's services report it.
  HttpDouble& ThenError(int status, const std::string& code, const std::string& more = {}) {
    return Then(status, "<?xml version=\"1.0\"?><Error><Code>" + code +
                            "</Code><Message>told by a "
                            "test</Message>" +
                            more + "</Error>");
  }
  /// Headers that promise `promised` bytes, then `sent`, then the connection is gone.
  HttpDouble& ThenBreakOff(int status, size_t promised, std::string sent) {
    return Then([=](const httplib::Request&, httplib::Response& response) {
      response.status = status;
      response.set_content_provider(promised, "application/octet-stream",
                                    [sent](size_t offset, size_t, httplib::DataSink& sink) {
                                      if (offset >= sent.size()) return false;
                                      return sink.write(sent.data() + offset, sent.size() - offset);
                                    });
    });
  }

  std::vector<Seen> seen() const {
    const MutexLock lock(mutex_);
    return seen_;
  }
  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void Handle(const httplib::Request& request, httplib::Response& response) {
    // The library would cut what a test answers to the range that was asked for.
    const_cast<httplib::Request&>(request).ranges.clear();
    Answer answer;
    {
      const MutexLock lock(mutex_);
      seen_.push_back({request.method, request.target, request.body, request.headers});
      if (answers_.empty() && !always_) {
        response.status = 500;
        return;
      }
      answer = answers_.empty() ? always_ : std::move(answers_.front());
      if (!answers_.empty()) answers_.pop_front();
    }
    answer(request, response);
  }

  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  mutable Mutex mutex_;
  std::deque<Answer> answers_ SLUICE_GUARDED_BY(mutex_);
  Answer always_ SLUICE_GUARDED_BY(mutex_);
  std::vector<Seen> seen_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::testing
