#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::net {

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< encoded, complete
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;  ///< borrowed until Send returns
  /// Where the body of a successful answer goes instead of HttpResponse::body; borrowed too.
  std::optional<std::span<uint8_t>> into;
  /// A cancelled token stops the request in flight; nullptr: it cannot be stopped.
  const runtime::CancelToken* cancel = nullptr;
  /// Above 0, a cancelled token stops the request only after no byte has come or gone for this long. That
  /// counts as a request without an answer (kTransient), because it may have been carried out.
  Duration patience{0};
  /// Makes a decided window visible: see MakeConnectionPool.
  bool settles = false;
  /// Of a body that is kept in memory; a longer one is kCorrupt. By default as long as the longest object that is
  /// read as a whole, a commit.
  size_t most_body_bytes = size_t{1} << 30;
  /// Above 0, a request that takes longer in all is kTransient, however many bytes still come.
  Duration limit{0};
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  size_t filled = 0;  ///< bytes that went into HttpRequest::into
  /// The answer broke off, or was longer than `into`: why. What came is above.
  std::string broken;
  /// libcurl sent the body twice because a kept connection had died: the server may have acted twice.
  bool resent = false;

  /// "" if the header is missing.
  const std::string& header(const std::string& name) const;
};

/// The connections that clients share, open ones kept for the next request. Thread-safe.
class ConnectionPool;
/// `connections`: requests in flight at once; further callers wait. Requests that settle are small, and up to
/// `settling` of them run at once if that is more: until they are done, a reader who lists sees half a window.
std::shared_ptr<ConnectionPool> MakeConnectionPool(int connections, int settling = 64);

struct HttpOptions {
  std::string ca_bundle;  ///< PEM file; "" = the system's
  int64_t connect_timeout_ms = 10'000;
  int64_t stall_timeout_ms = 30'000;  ///< without a byte in either direction
};

/// HTTP/1.1 over libcurl: one request, one answer, in the caller's thread; connections are kept open
/// and used again. Redirects are not followed: a signature is valid for one host only. Knows
/// nothing of S3. Thread-safe.
class HttpClient {
 public:
  HttpClient(HttpOptions options, std::shared_ptr<ConnectionPool> pool);

  /// Any status is a success here. kTransient if no answer came (the request may have been carried
  /// out), kCancelled, kConfig for an invalid host or an unreadable CA file, kPermission if the
  /// server's certificate is not trusted. Messages begin with the host.
  Result<HttpResponse> Send(const HttpRequest& request) const;

 private:
  const HttpOptions options_;
  const std::shared_ptr<ConnectionPool> pool_;
};

}  // namespace sluice::net
