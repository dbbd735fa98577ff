#include "sluice/store/s3/s3_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "sluice/aws/environment.h"
#include "sluice/aws/find_credentials.h"
#include "sluice/aws/profile.h"
#include "sluice/net/http_date.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/retry.h"
#include "sluice/store/s3/s3_wire.h"

namespace sluice::store {
namespace {

/// Above it the payload is signed only where TLS does not guard it: hashing costs more than sending.
constexpr size_t kAlwaysSignedBytes = 1 << 20;

std::string FindEndpoint(const S3Options& options) {
  std::string endpoint = options.endpoint.value_or(
      aws::FirstOfEnvironment({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}).value_or(""));
  if (!endpoint.empty() && endpoint.find("://") == std::string::npos) {
    endpoint = "https://" + endpoint;
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

bool IsSuccess(const net::HttpResponse& response) {
  return response.status >= 200 && response.status < 300;
}

bool Asks(const S3Request& request, std::string_view name) {
  return std::any_of(request.query.begin(), request.query.end(),
                     [&](const auto& parameter) { return parameter.first == name; });
}

/// What a policy must allow for `request`; "" for questions about a bucket's settings.
std::string PermissionFor(const S3Request& request) {
  const bool is_of_upload = Asks(request, "uploadId");
  if (request.key.empty()) {
    if (Asks(request, "uploads")) return "s3:ListBucketMultipartUploads";
    return Asks(request, "list-type") || request.query.empty() ? "s3:ListBucket" : "";
  }
  if (request.method == "DELETE") {
    return is_of_upload ? "s3:AbortMultipartUpload" : "s3:DeleteObject";
  }
  if (request.method == "PUT" || request.method == "POST") return "s3:PutObject";
  return is_of_upload ? "s3:ListMultipartUploadParts" : "s3:GetObject";
}

/// What a server says that does not take the bucket's name from the host's.
bool IsAboutTheBucket(const aws::Fault& fault) {
  return fault.code.empty() || fault.code == "NoSuchBucket" || fault.code == "InvalidBucketName";
}

S3Target TargetOf(const S3Client& client, const S3Request& request, const std::string& region) {
  return {client.DisplayName(request.key), std::string(request.action), client.bucket(), region,
          PermissionFor(request)};
}

}  // namespace

S3Client::S3Client(std::string bucket, const S3Options& options,
                   std::shared_ptr<const net::HttpClient> http,
                   std::shared_ptr<aws::CredentialsSource> credentials, std::string region,
                   std::shared_ptr<runtime::Clock> clock, std::shared_ptr<runtime::Entropy> entropy)
    : bucket_(std::move(bucket)),
      options_(options),
      endpoint_(FindEndpoint(options)),
      http_(std::move(http)),
      credentials_(std::move(credentials)),
      clock_(std::move(clock)),
      entropy_(std::move(entropy)),
      region_(std::move(region)) {}

std::string S3Client::DisplayName(const std::string& key) const {
  return "s3://" + bucket_ + "/" + key;
}

std::string S3Client::region() const {
  const MutexLock lock(mutex_);
  return region_;
}

S3Client::Address S3Client::AddressOf(const std::string& region) const {
  Address address;
  if (endpoint_.empty()) {
    address.scheme = "https";
    address.host =
        fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
  } else {
    const size_t split = endpoint_.find("://");
    address.scheme = endpoint_.substr(0, split);
    address.host = endpoint_.substr(split + 3);
  }
  // No wildcard certificate covers a bucket whose name has dots.
  const bool is_dotted = bucket_.find('.') != std::string::npos && address.scheme == "https";
  if (options_.path_style.value_or(!endpoint_.empty() || is_dotted)) {
    address.path_prefix = "/" + aws::UriEncode(bucket_, false);
  } else {
    address.host = bucket_ + "." + address.host;
  }
  return address;
}

Result<net::HttpResponse> S3Client::SendOnce(const S3Request& request, const std::string& region,
                                             const aws::Credentials& credentials) const {
  const Address address = AddressOf(region);
  const std::string path =
      request.key.empty() && address.path_prefix.empty()
          ? "/"
          : address.path_prefix +
                (request.key.empty() ? "" : "/" + aws::UriEncode(request.key, true));
  const std::string query = aws::CanonicalQuery(request.query);
  aws::SigningInput input;
  input.method = request.method;
  input.host = address.host;
  input.path = path;
  input.query = query;
  input.headers = request.headers;
  if (options_.expected_bucket_owner) {
    input.headers.emplace_back("x-amz-expected-bucket-owner", *options_.expected_bucket_owner);
  }
  const bool is_guarded = address.scheme == "https" && request.body.size() > kAlwaysSignedBytes;
  input.payload_hash =
      is_guarded ? std::string(aws::kUnsignedPayload) : aws::HexSha256(request.body);
  input.region = region;
  input.service = "s3";
  input.at = clock_->Now() + Duration{skew_.load()};

  net::HttpRequest http;
  http.method = request.method;
  http.url = address.scheme + "://" + address.host + path + (query.empty() ? "" : "?" + query);
  http.headers = aws::Sign(input, credentials);
  http.body = request.body;
  http.into = request.into;
  http.settles = request.settles;
  http.cancel = &options_.cancel;
  if (!request.is_cancellable) http.patience = options_.patience;
  if (hangs_) return Fail(ErrorKind::kTransient, "{}: does not answer", address.host);
  const int64_t began = clock_->MonotonicMicros();
  auto answer = http_->Send(http);
  spdlog::debug("{} {}{}: {} after {} ms", request.method, DisplayName(request.key),
                query.empty() ? "" : "?" + query,
                answer ? std::to_string(answer->status) : answer.error().message,
                (clock_->MonotonicMicros() - began) / 1000);
  if (answer) {
    const auto date = net::ParseHttpDate(answer->header("date"));
    if (date) server_origin_ = date->micros - clock_->MonotonicMicros();
  } else if (options_.cancel.cancelled() &&
             clock_->MonotonicMicros() - began >= options_.patience.micros) {
    hangs_ = true;
  }
  return answer;
}

std::optional<Timestamp> S3Client::ServerTime() const {
  const int64_t origin = server_origin_;
  if (origin == 0) return std::nullopt;
  return Timestamp{origin + clock_->MonotonicMicros()};
}

aws::Fault S3Client::Explain(const S3Request& request, const std::string& region,
                             const aws::Credentials& credentials, net::HttpResponse& answer) const {
  if (!HidesItsReason(request.method, answer)) {
    aws::Fault fault = ParseFault(answer);
    // An answer to HEAD has no words: the status stands for what was asked for.
    if (fault.code == "NoSuchKey" && request.key.empty()) fault.code = "NoSuchBucket";
    return fault;
  }
  S3Request read;
  read.key = request.key;
  if (request.key.empty()) {
    read.query = {{"list-type", "2"}, {"max-keys", "0"}};
  } else {
    read.headers = {{"range", "bytes=0-0"}};
  }
  read.is_cancellable = request.is_cancellable;
  auto told = SendOnce(read, region, credentials);
  if (told && told->status >= 400 && !told->body.empty()) answer = std::move(*told);
  return ParseFault(answer);
}

bool S3Client::Cure(const aws::Fault& fault, const net::HttpResponse& response,
                    Cures& tried) const {
  if (aws::IsExpiredToken(fault) && !tried.credentials) return tried.credentials = true;
  if (aws::IsSkewedClock(fault) && !tried.clock) {
    const auto theirs = net::ParseHttpDate(response.header("date"));
    if (!theirs) return false;
    skew_ = (*theirs - clock_->Now()).micros;
    spdlog::warn(
        "this machine's clock differs from that of {} by {} s; requests are signed with "
        "the server's time. Set the clock by NTP",
        endpoint_.empty() ? "S3" : endpoint_, skew_.load() / 1'000'000);
    return tried.clock = true;
  }
  if (IsWrongRegion(fault) && !options_.region && !fault.region.empty() && !tried.region) {
    const MutexLock lock(mutex_);
    region_ = fault.region;
    return tried.region = true;
  }
  return false;
}

tl::expected<S3Response, S3Failure> S3Client::Send(const S3Request& request) const {
  S3Response response;
  aws::Fault fault;
  int attempts = 0;
  Cures tried;
  std::string refused_key;
  const auto attempt = [&]() -> Status {
    while (true) {
      ++attempts;
      fault = {};
      const std::string asked_region = region();
      auto credentials = credentials_->Get(std::exchange(refused_key, {}), options_.cancel);
      auto answer = credentials ? SendOnce(request, asked_region, *credentials)
                                : Result<net::HttpResponse>(Fail(credentials.error()));
      const S3Target target = TargetOf(*this, request, asked_region);
      if (!answer) {
        Error error = std::move(answer).error();
        if (error.kind == ErrorKind::kCancelled) return Fail(std::move(error));
        return Fail(std::move(error).Within(target.name + ": " + target.action + " failed"));
      }
      if (answer->resent) ++attempts;
      const bool is_error =
          !IsSuccess(*answer) || (request.has_document && !IsWholeDocument(answer->body));
      if (!is_error) {
        response.http = std::move(*answer);
        return {};
      }
      fault = Explain(request, asked_region, *credentials, *answer);
      const bool had_refused = tried.credentials;
      if (Cure(fault, *answer, tried)) {
        if (tried.credentials && !had_refused) refused_key = credentials->access_key;
        continue;
      }
      Error error = ToError(fault, target);
      const bool asks_by_host = AddressOf(asked_region).path_prefix.empty() && !endpoint_.empty();
      if (asks_by_host && IsAboutTheBucket(fault)) {
        error.remedy +=
            error.remedy.empty() ? "set `path_style: true`" : ", or set `path_style: true`";
      }
      return Fail(std::move(error));
    }
  };
  runtime::RetryPolicy policy = options_.retry;
  if (!request.is_cancellable) policy.patience = options_.patience;
  Status sent = runtime::Retry(policy, *clock_, *entropy_, options_.cancel, attempt);
  if (!sent) {
    Error error = std::move(sent).error();
    if (error.kind == ErrorKind::kTransient && attempts > 1) {
      error.message += fmt::format(" ({} attempts)", attempts);
    }
    return tl::make_unexpected(S3Failure{std::move(error), std::move(fault), attempts});
  }
  response.attempts = attempts;
  return response;
}

Result<std::string> FindCaBundle(const S3Options& options) {
  std::string file =
      options.ca_bundle.value_or(aws::FirstOfEnvironment({"AWS_CA_BUNDLE"}).value_or(""));
  // libcurl looks at it only once a server speaks TLS, and then names no file.
  if (!file.empty() && !std::ifstream(file)) {
    return Fail(Error{ErrorKind::kConfig, file + ": can't be read",
                      options.ca_bundle ? "set `ca_bundle` to a readable PEM file"
                                        : "set AWS_CA_BUNDLE to a readable PEM file"});
  }
  return file;
}

std::string FindRegion(const S3Options& options) {
  return options.region.value_or(aws::DefaultRegion(options.auth.profile).value_or("us-east-1"));
}

std::shared_ptr<const S3Client> MakeS3Client(const std::string& bucket, const S3Options& options,
                                             const S3Access& access) {
  return std::make_shared<const S3Client>(bucket, options, access.http, access.credentials,
                                          FindRegion(options), runtime::SystemClock(),
                                          runtime::SystemEntropy());
}

Result<S3Access> OpenS3Access(const S3Options& options) {
  net::HttpOptions http_options;
  SLUICE_ASSIGN_OR_RETURN(http_options.ca_bundle, FindCaBundle(options));
  S3Access access;
  access.http = std::make_shared<const net::HttpClient>(
      std::move(http_options), net::MakeConnectionPool(std::max(1, options.connections)));
  SLUICE_ASSIGN_OR_RETURN(access.credentials,
                          aws::FindCredentials(options.auth, FindRegion(options), access.http));
  return access;
}

}  // namespace sluice::store
