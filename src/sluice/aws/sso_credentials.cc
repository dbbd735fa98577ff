#include "sluice/aws/sso_credentials.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "sluice/aws/environment.h"
#include "sluice/aws/signer.h"
#include "sluice/base/time_zone.h"
#include "sluice/runtime/clock.h"

namespace sluice::aws {
namespace {

Error SignInError(const Sso& sso, const std::string& why) {
  return {ErrorKind::kPermission, fmt::format("profile '{}': {}", sso.profile, why),
          fmt::format("run `aws sso login --profile {}`", sso.profile)};
}

std::string Text(const nlohmann::json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The token of the last sign-in.
Result<std::string> ReadToken(const Sso& sso) {
  std::ifstream in(SsoCacheFolder() + "/" + HexSha1(sso.cache_key) + ".json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Fail(SignInError(sso, "nobody has signed in"));
  const std::string token = Text(json, "accessToken");
  const auto expires = ParseTimestamp(Text(json, "expiresAt"), TimeZone::Utc());
  if (token.empty() || !expires) return Fail(SignInError(sso, "nobody has signed in"));
  if (*expires <= runtime::SystemClock()->Now()) {
    return Fail(SignInError(sso, "the sign-in has expired"));
  }
  return token;
}

Result<Credentials> ReadAnswer(const Sso& sso, const std::string& body) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto role = json.is_object() ? json.value("roleCredentials", nlohmann::json()) : json;
  if (!role.is_object()) return Fail(SignInError(sso, "the sign-in returned no credentials"));
  Credentials credentials{
      Text(role, "accessKeyId"), Text(role, "secretAccessKey"), Text(role, "sessionToken"), {}};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) {
    return Fail(SignInError(sso, "the sign-in returned no credentials"));
  }
  const auto expires = role.find("expiration");
  if (expires != role.end() && expires->is_number_integer()) {
    credentials.expires = Timestamp{expires->get<int64_t>() * 1000};
  }
  return credentials;
}

}  // namespace

Result<std::optional<Sso>> ReadSso(const std::string& name, const Profile& profile) {
  const std::string session = SettingOf(profile, "sso_session");
  const std::string start_url = SettingOf(profile, "sso_start_url");
  if (session.empty() && start_url.empty()) return std::nullopt;
  const auto settings = session.empty() ? profile : LoadSsoSession(session);
  const auto require = [&](const std::string& value, const std::string& setting) -> Status {
    if (!value.empty()) return {};
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("profile '{}' in {} has no {}", name, ProfileFiles(), setting),
                      fmt::format("run `aws configure sso --profile {}`", name)});
  };
  if (!settings) SLUICE_RETURN_IF_ERROR(require({}, "section [sso-session " + session + "]"));
  Sso sso{name, session.empty() ? start_url : session, SettingOf(*settings, "sso_region"),
          SettingOf(profile, "sso_account_id"), SettingOf(profile, "sso_role_name")};
  SLUICE_RETURN_IF_ERROR(require(sso.region, "sso_region"));
  SLUICE_RETURN_IF_ERROR(require(sso.account_id, "sso_account_id"));
  SLUICE_RETURN_IF_ERROR(require(sso.role_name, "sso_role_name"));
  return std::optional(std::move(sso));
}

Result<Credentials> FetchSsoCredentials(const Sso& sso, const net::HttpClient& http,
                                        const runtime::CancelToken& cancel) {
  SLUICE_ASSIGN_OR_RETURN(const std::string token, ReadToken(sso));
  const std::string endpoint =
      FirstOfEnvironment({"AWS_ENDPOINT_URL_SSO"})
          .value_or(fmt::format("https://portal.sso.{}.amazonaws.com{}", sso.region,
                                sso.region.starts_with("cn-") ? ".cn" : ""));
  net::HttpRequest request;
  request.url = endpoint + "/federation/credentials?" +
                CanonicalQuery({{"account_id", sso.account_id}, {"role_name", sso.role_name}});
  request.headers = {{"x-amz-sso_bearer_token", token}};
  request.cancel = &cancel;
  auto answer = http.Send(request);
  if (!answer) {
    if (answer.error().kind == ErrorKind::kCancelled) return Fail(std::move(answer).error());
    return Fail(std::move(answer).error().Within(
        fmt::format("profile '{}': asking for credentials failed", sso.profile)));
  }
  if (answer->status >= 500 || answer->status == 429) {
    return Fail(ErrorKind::kTransient,
                "profile '{}': asking for credentials failed: HTTP status {}", sso.profile,
                answer->status);
  }
  if (answer->status != 200) {
    return Fail(SignInError(
        sso,
        fmt::format("the sign-in returned no credentials of role {} in account {}: HTTP status {}",
                    sso.role_name, sso.account_id, answer->status)));
  }
  return ReadAnswer(sso, answer->body);
}

}  // namespace sluice::aws
