#include "sluice/catalog/token_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "sluice/aws/signer.h"
#include "sluice/catalog/catalog_fault.h"
#include "sluice/catalog/json_answer.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/renewal.h"

namespace sluice::catalog {
namespace {

/// Where the answer says nothing: what Databricks' tokens last.
constexpr int64_t kUsualSeconds = 3600;
constexpr int64_t kMostSeconds = int64_t{366} * 86'400;

class FixedToken : public TokenSource {
 public:
  explicit FixedToken(std::string token) : token_(std::move(token)) {}
  Result<std::string> Get(std::string_view, const runtime::CancelToken&) override { return token_; }

 private:
  const std::string token_;
};

class MachineToken : public TokenSource {
 public:
  MachineToken(SignIn sign_in, std::shared_ptr<const PatientHttp> http,
               std::shared_ptr<runtime::Clock> clock)
      : sign_in_(std::move(sign_in)), http_(std::move(http)), clock_(std::move(clock)) {
    const std::string pair = sign_in_.client_id + ":" + sign_in_.client_secret;
    basic_ = aws::Base64({reinterpret_cast<const uint8_t*>(pair.data()), pair.size()});
    runtime::RegisterSecret(basic_);
  }

  Result<std::string> Get(std::string_view refused, const runtime::CancelToken& cancel) override {
    const auto is_good = [&](const Held& held) {
      return clock_->MonotonicMicros() < held.renew_at_micros && held.token != refused;
    };
    SLUICE_ASSIGN_OR_RETURN(Held held,
                            renewal_.Get(cancel, is_good, [&] { return Fetch(cancel); }));
    return std::move(held.token);
  }

 private:
  struct Held {
    std::string token;
    int64_t renew_at_micros = 0;  ///< of the monotonic clock
  };

  std::string Who() const { return "client " + sign_in_.client_id; }

  /// Where tokens are to be had: kept once it is known.
  Result<std::string> FindEndpoint(const runtime::CancelToken& cancel) {
    if (!endpoint_.empty()) return endpoint_;
    net::HttpRequest request;
    request.url = sign_in_.host + "/oidc/.well-known/oauth-authorization-server";
    SLUICE_ASSIGN_OR_RETURN(const auto answer, http_->Send(request, cancel));
    const auto json = ParseJson(answer.body);
    const std::string named = json ? Text(*json, "token_endpoint") : std::string();
    if (IsRefusalForNow(answer.status)) {
      return Fail(ErrorKind::kTransient, "{}: HTTP status {}", request.url, answer.status);
    }
    if (answer.status != 200 || named.empty()) return sign_in_.host + "/oidc/v1/token";
    if (!named.starts_with("https://") && sign_in_.host.starts_with("https://")) {
      return Fail(
          Error{ErrorKind::kCorrupt,
                fmt::format(
                    "{}: the token endpoint that it names is not one of https, so that the client "
                    "secret is not sent there",
                    request.url),
                "check that `catalog.url` is the workspace's URL"});
    }
    return endpoint_ = named;
  }

  Result<Held> Fetch(const runtime::CancelToken& cancel) {
    SLUICE_ASSIGN_OR_RETURN(const std::string endpoint, FindEndpoint(cancel));
    net::HttpRequest request;
    request.method = "POST";
    request.url = endpoint;
    request.headers = {{"authorization", "Basic " + basic_},
                       {"content-type", "application/x-www-form-urlencoded"},
                       {"accept", "application/json"}};
    const std::string form = "grant_type=client_credentials&scope=all-apis";
    request.body = form;
    const int64_t asked = clock_->MonotonicMicros();
    SLUICE_ASSIGN_OR_RETURN(const auto answer, http_->Send(request, cancel));
    const auto json = ParseJson(answer.body);
    if (answer.status != 200) return Fail(Refusal(endpoint, answer, json ? *json : Json()));
    Held held;
    held.token = json ? Text(*json, "access_token") : std::string();
    if (held.token.empty() || held.token.find_first_of("\r\n") != std::string::npos) {
      return Fail(Error{ErrorKind::kCorrupt,
                        fmt::format("{}: {} returned no token", Who(), endpoint),
                        "check that `catalog.url` is the workspace's URL, and that no proxy "
                        "answers in its place"});
    }
    secret_.Renew(held.token);
    const int64_t seconds =
        std::clamp<int64_t>(Number(*json, "expires_in").value_or(kUsualSeconds), 0, kMostSeconds);
    const Duration life = Seconds(seconds);
    held.renew_at_micros = asked + life.micros - runtime::RenewalMargin(life).micros;
    return held;
  }

  Error Refusal(const std::string& endpoint, const net::HttpResponse& answer,
                const Json& json) const {
    CatalogFault fault = ParseFault(answer.status, answer.body);
    std::string said = runtime::Redact(Text(json, "error_description")).substr(0, 300);
    if (said.empty()) said = fault.message;
    const std::string code = runtime::Redact(Text(json, "error")).substr(0, 100);
    const std::string why = fmt::format("{}: signing in at {} failed: HTTP status {}{}{}", Who(),
                                        endpoint, answer.status, code.empty() ? "" : ", " + code,
                                        said.empty() ? "" : ": " + said);
    if (IsRefusalForNow(answer.status)) return {ErrorKind::kTransient, why, "run again later"};
    if (IsHtml(answer) || answer.status == 404 || (answer.status >= 300 && answer.status < 400)) {
      return {ErrorKind::kConfig, why, "check that `catalog.url` is the workspace's URL"};
    }
    return {ErrorKind::kPermission, why,
            "check the client id and its secret, and that the service principal is one of this "
            "workspace"};
  }

  const SignIn sign_in_;
  const std::shared_ptr<const PatientHttp> http_;
  const std::shared_ptr<runtime::Clock> clock_;
  std::string basic_;
  runtime::Renewal<Held> renewal_;
  std::string endpoint_;           // touched by the one who fetches
  runtime::RenewedSecret secret_;  // likewise
};

}  // namespace

std::shared_ptr<TokenSource> MakeTokenSource(const SignIn& sign_in,
                                             std::shared_ptr<const PatientHttp> http,
                                             std::shared_ptr<runtime::Clock> clock) {
  if (sign_in.client_id.empty()) return std::make_shared<FixedToken>(sign_in.token);
  return std::make_shared<MachineToken>(sign_in, std::move(http), std::move(clock));
}

}  // namespace sluice::catalog
