#include "sluice/aws/assumed_role.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <utility>

#include "sluice/aws/environment.h"
#include "sluice/aws/fault.h"
#include "sluice/aws/fresh_credentials.h"
#include "sluice/aws/signer.h"
#include "sluice/base/time_zone.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/runtime/retry.h"

namespace sluice::aws {
namespace {

/// Credentials are renewed when less than this is left of them.
constexpr Duration kRenewBefore = Minutes(5);

ErrorKind KindOf(const Fault& fault) {
  static constexpr std::array<std::string_view, 3> kPassing{"Throttling", "ThrottlingException",
                                                            "RequestTimeout"};
  if (fault.status >= 500 || fault.status == 408 || fault.status == 429 ||
      std::find(kPassing.begin(), kPassing.end(), fault.code) != kPassing.end()) {
    return ErrorKind::kTransient;
  }
  const bool is_permission = fault.status == 401 || fault.status == 403 || IsExpiredToken(fault) ||
                             IsSkewedClock(fault) || fault.code == "AccessDenied";
  return is_permission ? ErrorKind::kPermission : ErrorKind::kConfig;
}

Error ToError(const Fault& fault, const std::string& role_arn) {
  std::string why = fault.code.empty() ? fmt::format("HTTP status {}", fault.status) : fault.code;
  if (!fault.message.empty()) why += ": " + fault.message;
  Error error{KindOf(fault), fmt::format("{}: assuming the role failed: {}", role_arn, why), {}};
  if (!fault.request_id.empty()) error.message += fmt::format(" (request {})", fault.request_id);
  if (IsSkewedClock(fault)) {
    error.remedy = "set this machine's clock by NTP; it differs from the server's";
  } else if (error.kind == ErrorKind::kPermission) {
    error.remedy = "allow these credentials, with this `external_id`, in the role's trust policy";
  } else if (error.kind == ErrorKind::kConfig) {
    error.remedy = "correct `role_arn` and `external_id`";
  }
  return error;
}

class RoleCall {
 public:
  RoleCall(Role role, std::shared_ptr<CredentialsSource> base,
           std::shared_ptr<const net::HttpClient> http)
      : role_(std::move(role)), base_(std::move(base)), http_(std::move(http)) {}

  Result<Credentials> Fetch(const runtime::CancelToken& cancel) const {
    const auto clock = runtime::SystemClock();
    Credentials assumed;
    SLUICE_RETURN_IF_ERROR(
        runtime::Retry({}, *clock, *runtime::SystemEntropy(), cancel, [&]() -> Status {
          SLUICE_ASSIGN_OR_RETURN(assumed, Assume(clock->Now(), cancel));
          return {};
        }));
    return assumed;
  }

 private:
  /// Once more with renewed credentials where STS calls those that sign the call expired.
  Result<Credentials> Assume(Timestamp now, const runtime::CancelToken& cancel) const {
    SLUICE_ASSIGN_OR_RETURN(const Credentials signer, base_->Get({}, cancel));
    Fault fault;
    auto assumed = AssumeAs(signer, now, cancel, fault);
    if (assumed || !IsExpiredToken(fault)) return assumed;
    SLUICE_ASSIGN_OR_RETURN(const Credentials renewed, base_->Get(signer.access_key, cancel));
    return AssumeAs(renewed, now, cancel, fault);
  }

  Result<Credentials> AssumeAs(const Credentials& signer, Timestamp now,
                               const runtime::CancelToken& cancel, Fault& fault) const {
    const std::string endpoint =
        FirstOfEnvironment({"AWS_ENDPOINT_URL_STS"})
            .value_or(fmt::format("https://sts.{}.amazonaws.com{}", role_.region,
                                  role_.region.starts_with("cn-") ? ".cn" : ""));
    QueryList form = {{"Action", "AssumeRole"},
                      {"Version", "2011-06-15"},
                      {"RoleArn", role_.arn},
                      {"RoleSessionName", "sluice"}};
    if (!role_.external_id.empty()) form.emplace_back("ExternalId", role_.external_id);
    const std::string body = CanonicalQuery(std::move(form));
    SigningInput input;
    input.method = "POST";
    const std::string host = endpoint.substr(endpoint.find("://") + 3);
    input.host = host;
    input.path = "/";
    input.headers = {{"content-type", "application/x-www-form-urlencoded"}};
    input.payload_hash = HexSha256(body);
    input.region = role_.region;
    input.service = "sts";
    input.at = now;
    net::HttpRequest request;
    request.method = "POST";
    request.url = endpoint + "/";
    request.headers = Sign(input, signer);
    request.body = body;
    request.cancel = &cancel;
    const auto response = http_->Send(request);
    if (!response) {
      if (response.error().kind == ErrorKind::kCancelled) return Fail(response.error());
      Error error = Error(response.error()).Within(role_.arn + ": assuming the role failed");
      error.remedy =
          "check `region`, AWS_ENDPOINT_URL_STS, and that this machine may connect to STS";
      return Fail(std::move(error));
    }
    if (response->status != 200) {
      fault = ParseFault(*response);
      return Fail(ToError(fault, role_.arn));
    }
    return ReadAnswer(response->body);
  }

  Result<Credentials> ReadAnswer(const std::string& body) const {
    pugi::xml_document document;
    document.load_buffer(body.data(), body.size());
    const auto node = document.document_element().child("AssumeRoleResult").child("Credentials");
    Credentials credentials;
    credentials.access_key = node.child("AccessKeyId").text().get();
    credentials.secret_key = node.child("SecretAccessKey").text().get();
    credentials.session_token = node.child("SessionToken").text().get();
    const auto expires = ParseTimestamp(node.child("Expiration").text().get(), TimeZone::Utc());
    if (expires) credentials.expires = *expires;
    if (credentials.access_key.empty() || credentials.secret_key.empty()) {
      return Fail(Error{ErrorKind::kCorrupt,
                        fmt::format("{}: assuming the role returned no credentials", role_.arn),
                        "check that the endpoint is AWS STS, and that no proxy answers in its "
                        "place"});
    }
    return credentials;
  }

  const Role role_;
  const std::shared_ptr<CredentialsSource> base_;
  const std::shared_ptr<const net::HttpClient> http_;
};

}  // namespace

std::shared_ptr<CredentialsSource> AssumeRole(Role role, std::shared_ptr<CredentialsSource> base,
                                              std::shared_ptr<const net::HttpClient> http) {
  return KeepFresh([call = RoleCall(std::move(role), std::move(base), std::move(http))](
                       const runtime::CancelToken& cancel) { return call.Fetch(cancel); });
}

}  // namespace sluice::aws
