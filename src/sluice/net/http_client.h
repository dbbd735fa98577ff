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
  std::string_view body;  ///< borrowed until the answer is there
  /// Where the body of a successful answer goes instead of HttpResponse::body; borrowed likewise.
  std::optional<std::span<uint8_t>> into;
  /// A cancelled token stops the request in flight; nullptr: it can't be stopped.
  const runtime::CancelToken* cancel = nullptr;
  /// Above 0, a cancelled token stops the request only where no byte comes or goes for so long: it is cut
  /// off then as one without an answer (kTransient), for it may have been carried out.
  Duration patience{0};
  /// One of those that make a decided window visible: see MakeConnectionPool.
  bool settles = false;
};

struct HttpResponse {
  int status = 0;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;
  size_t filled = 0;  ///< bytes that went into HttpRequest::into
  /// The answer broke off, or was longer than `into`: why. What came is above.
  std::string broken;
  /// libcurl sent the body twice, as a kept connection had died: it may have been carried out twice.
  bool resent = false;

  /// "" where there is no such header.
  const std::string& header(const std::string& name) const;
};

/// The connections that clients share, open ones kept for the next request. Thread-safe.
class ConnectionPool;
/// `connections`: requests in flight at once; further callers wait. Requests that settle, which are small, may
/// be `settling` at once, where that is more: a reader who lists sees half a window for as long as they take.
std::shared_ptr<ConnectionPool> MakeConnectionPool(int connections, int settling = 64);

struct HttpOptions {
  std::string ca_bundle;  ///< PEM file; "" = the system's
  int64_t connect_timeout_ms = 10'000;
  int64_t stall_timeout_ms = 30'000;  ///< without a byte in either direction
};

/// HTTP/1.1 over libcurl: one request, one answer, in the caller's thread; connections are kept open
/// and used again. Redirects are not followed, for a signature is good for one host only. Knows
/// nothing of S3. Thread-safe.
class HttpClient {
 public:
  HttpClient(HttpOptions options, std::shared_ptr<ConnectionPool> pool);

  /// Whatever status the server answers is a success here. kTransient where no answer came (it may
  /// have been carried out), kCancelled, kConfig for a host that can't be or a CA file that can't be
  /// read, kPermission where the server's certificate is not trusted. Messages begin with the host.
  Result<HttpResponse> Send(const HttpRequest& request) const;

 private:
  const HttpOptions options_;
  const std::shared_ptr<ConnectionPool> pool_;
};

}  // namespace sluice::net
