#pragma once

#include <atomic>
#include <memory>

#include "sluice/net/http_client.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/runtime/retry.h"

namespace sluice::catalog {

/// HTTP to a catalog and to where its tokens come from: a request whose answer was lost, or that was told to come
/// later (408, 429, 5xx), is sent again, not before the instant that Retry-After names and never past the policy's
/// deadline. Every request of a catalog may be repeated: what is created are credentials. A server that left one request
/// without any answer is asked only once, and briefly, for a minute, so that it does not hold up every table in turn.
/// Thread-safe.
class PatientHttp {
 public:
  PatientHttp(std::shared_ptr<const net::HttpClient> http, std::shared_ptr<runtime::Clock> clock,
              std::shared_ptr<runtime::Entropy> entropy, runtime::RetryPolicy policy);

  /// The answer, whatever its status; the last one where all were refusals for now. Otherwise as HttpClient::Send,
  /// with remedies that speak of `catalog.url`. An answer's body is bounded by kMostAnswerBytes.
  Result<net::HttpResponse> Send(net::HttpRequest request,
                                 const runtime::CancelToken& cancel) const;

 private:
  const std::shared_ptr<const net::HttpClient> http_;
  const std::shared_ptr<runtime::Clock> clock_;
  const std::shared_ptr<runtime::Entropy> entropy_;
  const runtime::RetryPolicy policy_;
  mutable std::atomic<int64_t> silent_until_{0};  ///< by the monotonic clock, in micros
};

/// 408, 429 and 5xx, except those that no later try changes: 501.
bool IsRefusalForNow(int status);

}  // namespace sluice::catalog
