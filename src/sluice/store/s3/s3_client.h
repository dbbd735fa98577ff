#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/aws/credentials.h"
#include "sluice/aws/signer.h"
#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/net/http_client.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/s3/s3_error.h"
#include "sluice/store/s3/s3_options.h"

namespace sluice::store {

/// One call of S3's API on a bucket.
struct S3Request {
  std::string_view method = "GET";
  std::string key;  ///< in full; "" for calls on the bucket
  aws::QueryList query{};
  aws::HeaderList headers{};  ///< without those that every request has
  std::string_view body{};
  std::optional<std::span<uint8_t>> into{};  ///< see net::HttpRequest
  std::string_view action;                   ///< for messages: "reading"; borrowed, as `body` is
  /// The answer's body is a document that may turn out to be an error under status 200.
  bool has_document = false;
  /// Stopped at once by S3Options::cancel, not only after its patience.
  bool is_cancellable = false;
  bool settles = false;  ///< see net::HttpRequest
};

struct S3Response {
  net::HttpResponse http;
  int attempts = 1;  ///< how often it was sent; above 1, an earlier one may have been carried out
};

/// A refusal with what the server said, for callers that act on a code.
struct S3Failure {
  Error error;
  aws::Fault fault;  ///< empty where no answer came
  int attempts = 1;
};

/// Talks to one bucket: addresses, signs, retries. What can be cured on the way is: credentials that
/// expired are renewed, a clock that differs is corrected by the server's, a bucket found in
/// another region is asked there if no region was configured; what may pass (5xx, SlowDown, resets) is
/// sent again with growing pauses, within the policy's deadline. Every request that it sends again must
/// bear being carried out twice. Thread-safe.
class S3Client {
 public:
  S3Client(std::string bucket, const S3Options& options,
           std::shared_ptr<const net::HttpClient> http,
           std::shared_ptr<aws::CredentialsSource> credentials, std::string region,
           std::shared_ptr<runtime::Clock> clock, std::shared_ptr<runtime::Entropy> entropy);

  /// kNotFound and so on as s3_error.h has them; answers with a status below 300 are successes.
  tl::expected<S3Response, S3Failure> Send(const S3Request& request) const;

  /// By the last answer and what passed since; nullopt before the first.
  std::optional<Timestamp> ServerTime() const;

  std::string DisplayName(const std::string& key) const;
  const std::string& bucket() const { return bucket_; }
  const runtime::CancelToken& cancel() const { return options_.cancel; }

 private:
  struct Address {
    std::string scheme, host, path_prefix;
  };
  struct Cures {
    bool region = false, credentials = false, clock = false;
  };

  Address AddressOf(const std::string& region) const;
  std::string region() const;
  Result<net::HttpResponse> SendOnce(const S3Request& request, const std::string& region,
                                     const aws::Credentials& credentials) const;
  /// What `answer` says; where it can't say why, a read that has a body is asked, which is refused in the same way.
  aws::Fault Explain(const S3Request& request, const std::string& region,
                     const aws::Credentials& credentials, net::HttpResponse& answer) const;
  /// Whether `fault` was cured, so that sending again at once may help. Each cure is tried once.
  bool Cure(const aws::Fault& fault, const net::HttpResponse& response, Cures& tried) const;

  const std::string bucket_;
  const S3Options options_;
  const std::string endpoint_;  ///< "" = AWS's own
  const std::shared_ptr<const net::HttpClient> http_;
  const std::shared_ptr<aws::CredentialsSource> credentials_;
  const std::shared_ptr<runtime::Clock> clock_;
  const std::shared_ptr<runtime::Entropy> entropy_;
  /// The server's time less ours, in microseconds.
  mutable std::atomic<int64_t> skew_{0};
  /// The server's time less the monotonic clock, in microseconds; 0 before the first answer.
  mutable std::atomic<int64_t> server_origin_{0};
  /// A request was cut off because the server said nothing after a signal: it is asked nothing more.
  mutable std::atomic<bool> hangs_{false};
  mutable Mutex mutex_;
  mutable std::string region_ SLUICE_GUARDED_BY(mutex_);
};

/// What clients share: connections, and credentials that are fetched once for all of them.
struct S3Access {
  std::shared_ptr<const net::HttpClient> http;
  std::shared_ptr<aws::CredentialsSource> credentials;
};

/// The PEM file that `options` or AWS_CA_BUNDLE names, "" for the system's; kConfig if it can't be read.
Result<std::string> FindCaBundle(const S3Options& options);
/// The region that `options`, profiles and the environment say.
std::string FindRegion(const S3Options& options);

std::shared_ptr<const S3Client> MakeS3Client(const std::string& bucket, const S3Options& options,
                                             const S3Access& access);
/// With connections and credentials of its own.
Result<S3Access> OpenS3Access(const S3Options& options);

}  // namespace sluice::store
