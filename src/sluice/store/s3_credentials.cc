#include "sluice/store/s3_credentials.h"

#include <fmt/format.h>

#include <mutex>
#include <pugixml.hpp>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/runtime/log.h"
#include "sluice/store/s3_client.h"
#include "sluice/store/s3_error.h"
#include "sluice/store/s3_profile.h"
#include "sluice/store/s3_sdk_credentials.h"
#include "sluice/store/s3_signer.h"

namespace sluice::store {
namespace {

/// Credentials are fetched anew when less than this is left of them.
constexpr Duration kRenewBefore = Minutes(5);

void RegisterSecrets(const S3Credentials& credentials) {
  runtime::RegisterSecret(credentials.secret_key);
  runtime::RegisterSecret(credentials.session_token);
}

class FixedSource : public S3CredentialsSource {
 public:
  explicit FixedSource(S3Credentials credentials) : credentials_(std::move(credentials)) {
    RegisterSecrets(credentials_);
  }
  Result<S3Credentials> Get(bool) override { return credentials_; }

 private:
  const S3Credentials credentials_;
};

std::string Setting(const Profile& profile, const std::string& name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

S3Credentials KeysIn(const Profile& profile) {
  return {Setting(profile, "aws_access_key_id"),
          Setting(profile, "aws_secret_access_key"),
          Setting(profile, "aws_session_token"),
          {}};
}

/// The keys in a profile, read again when they are refused: tools that log in write new ones there.
class ProfileSource : public S3CredentialsSource {
 public:
  ProfileSource(std::string name, S3Credentials credentials)
      : name_(std::move(name)), current_(std::move(credentials)) {
    RegisterSecrets(current_);
  }
  Result<S3Credentials> Get(bool refused) override {
    const std::lock_guard lock(mutex_);
    if (!refused) return current_;
    const auto profile = LoadProfile(name_);
    if (!profile || KeysIn(*profile).secret_key.empty()) return current_;
    current_ = KeysIn(*profile);
    RegisterSecrets(current_);
    return current_;
  }

 private:
  const std::string name_;
  std::mutex mutex_;
  S3Credentials current_;  // guarded by mutex_
};

/// What a source needs that asks over the network.
struct Surroundings {
  std::string region;
  std::shared_ptr<const HttpClient> http;
  runtime::CancelToken cancel;
};

/// STS AssumeRole with the credentials of another source.
class RoleSource : public S3CredentialsSource {
 public:
  RoleSource(std::shared_ptr<S3CredentialsSource> base, std::string role_arn,
             std::string external_id, const Surroundings& around)
      : base_(std::move(base)),
        role_arn_(std::move(role_arn)),
        external_id_(std::move(external_id)),
        around_(around) {}

  Result<S3Credentials> Get(bool refused) override {
    const std::lock_guard lock(mutex_);
    const auto clock = runtime::SystemClock();
    const bool is_fresh =
        current_ && (!current_->expires || clock->Now() + kRenewBefore < *current_->expires);
    if (is_fresh && !refused) return *current_;
    const Status assumed =
        runtime::Retry({}, *clock, *runtime::SystemEntropy(), around_.cancel, [&]() -> Status {
          SLUICE_ASSIGN_OR_RETURN(current_, Assume(clock->Now(), refused));
          return {};
        });
    if (!assumed) {
      current_.reset();
      return Fail(assumed.error());
    }
    RegisterSecrets(*current_);
    return *current_;
  }

 private:
  Result<S3Credentials> Assume(Timestamp now, bool refused) const {
    const std::string endpoint =
        FirstOfEnvironment({"AWS_ENDPOINT_URL_STS"})
            .value_or(fmt::format("https://sts.{}.amazonaws.com{}", around_.region,
                                  around_.region.starts_with("cn-") ? ".cn" : ""));
    SLUICE_ASSIGN_OR_RETURN(const S3Credentials signer, base_->Get(refused));
    QueryList form = {{"Action", "AssumeRole"},
                      {"Version", "2011-06-15"},
                      {"RoleArn", role_arn_},
                      {"RoleSessionName", "sluice"}};
    if (!external_id_.empty()) form.emplace_back("ExternalId", external_id_);
    const std::string body = CanonicalQuery(std::move(form));
    SigningInput input;
    input.method = "POST";
    const std::string host = endpoint.substr(endpoint.find("://") + 3);
    input.host = host;
    input.path = "/";
    input.headers = {{"content-type", "application/x-www-form-urlencoded"}};
    input.payload_hash = HexSha256(body);
    input.region = around_.region;
    input.service = "sts";
    input.at = now;
    HttpRequest request;
    request.method = "POST";
    request.url = endpoint + "/";
    request.headers = Sign(input, signer);
    request.body = body;
    request.cancel = &around_.cancel;
    auto sent = around_.http->Send(request);
    if (!sent) {
      Error error = std::move(sent).error().Within(role_arn_ + ": assuming the role failed");
      error.remedy =
          "check `region`, AWS_ENDPOINT_URL_STS, and that this machine may connect to STS";
      return Fail(std::move(error));
    }
    const HttpResponse& response = *sent;
    if (response.status != 200) {
      Error error =
          ToError(ParseFault(response), {role_arn_, "assuming the role", {}, around_.region, {}});
      if (error.kind == ErrorKind::kPermission && !IsSkewedClock(ParseFault(response))) {
        error.remedy =
            "let the role's trust policy allow these credentials, with this `external_id`";
      }
      return Fail(std::move(error));
    }
    return ReadAnswer(response.body);
  }

  Result<S3Credentials> ReadAnswer(const std::string& body) const {
    pugi::xml_document document;
    document.load_buffer(body.data(), body.size());
    const auto node = document.document_element().child("AssumeRoleResult").child("Credentials");
    S3Credentials credentials;
    credentials.access_key = node.child("AccessKeyId").text().get();
    credentials.secret_key = node.child("SecretAccessKey").text().get();
    credentials.session_token = node.child("SessionToken").text().get();
    const auto expires = ParseTimestamp(node.child("Expiration").text().get(), TimeZone::Utc());
    if (expires) credentials.expires = *expires;
    if (credentials.access_key.empty() || credentials.secret_key.empty()) {
      return Fail(ErrorKind::kCorrupt, "{}: assuming the role gave no credentials", role_arn_);
    }
    return credentials;
  }

  const std::shared_ptr<S3CredentialsSource> base_;
  const std::string role_arn_, external_id_;
  const Surroundings around_;
  std::mutex mutex_;
  std::optional<S3Credentials> current_;  // guarded by mutex_
};

Result<std::string> Variable(const std::string& name) {
  auto value = FirstOfEnvironment({name.c_str()});
  if (value) return std::move(*value);
  return Fail(
      Error{ErrorKind::kConfig,
            fmt::format("the environment variable {} is not set, and `auth` names it", name),
            fmt::format("set {}, or change `auth`", name)});
}

Result<std::shared_ptr<S3CredentialsSource>> FromVariables(const S3Auth& auth) {
  S3Credentials credentials;
  SLUICE_ASSIGN_OR_RETURN(credentials.access_key, Variable(auth.access_key_env.value_or("")));
  SLUICE_ASSIGN_OR_RETURN(credentials.secret_key, Variable(auth.secret_key_env.value_or("")));
  if (auth.session_token_env) {
    SLUICE_ASSIGN_OR_RETURN(credentials.session_token, Variable(*auth.session_token_env));
  }
  return std::make_shared<FixedSource>(std::move(credentials));
}

/// `depth` guards against profiles that name one another as their source.
Result<std::shared_ptr<S3CredentialsSource>> FromProfile(const std::string& name,
                                                         const Surroundings& around, int depth) {
  const auto profile = LoadProfile(name);
  if (!profile) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("there is no profile '{}' in {}", name, ProfileFiles()),
                      "correct `profile`, or run `aws configure --profile " + name + "`"});
  }
  const S3Credentials keys = KeysIn(*profile);
  if (keys.access_key.empty() != keys.secret_key.empty()) {
    const char* missing = keys.access_key.empty() ? "aws_access_key_id" : "aws_secret_access_key";
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("profile '{}' in {} has no {}", name, ProfileFiles(), missing),
                      fmt::format("add {}, or run `aws configure --profile {}`", missing, name)});
  }
  const std::string source = Setting(*profile, "source_profile");
  const std::string role = Setting(*profile, "role_arn");
  const bool has_keys = !keys.access_key.empty();
  if (!role.empty() && !source.empty() && (source != name || has_keys)) {
    if (depth >= 8) return Fail(ErrorKind::kConfig, "profile '{}' has no first source", name);
    std::shared_ptr<S3CredentialsSource> base;
    if (source == name) {
      base = std::make_shared<ProfileSource>(name, keys);
    } else {
      SLUICE_ASSIGN_OR_RETURN(base, FromProfile(source, around, depth + 1));
    }
    return std::make_shared<RoleSource>(std::move(base), role, Setting(*profile, "external_id"),
                                        around);
  }
  if (has_keys) return std::make_shared<ProfileSource>(name, keys);
  return FindSdkCredentials(name);
}

/// Environment and profile are read here; what needs a network is left to AWS's SDK.
Result<std::shared_ptr<S3CredentialsSource>> FromUsualChain(const Surroundings& around) {
  const auto access_key = FirstOfEnvironment({"AWS_ACCESS_KEY_ID"});
  const auto secret_key = FirstOfEnvironment({"AWS_SECRET_ACCESS_KEY"});
  if (access_key && secret_key) {
    return std::make_shared<FixedSource>(S3Credentials{
        *access_key, *secret_key, FirstOfEnvironment({"AWS_SESSION_TOKEN"}).value_or(""), {}});
  }
  const std::string profile = DefaultProfileName();
  if (LoadProfile(profile)) return FromProfile(profile, around, 0);
  return FindSdkCredentials({});
}

}  // namespace

Result<std::shared_ptr<S3CredentialsSource>> FindS3Credentials(
    const S3Options& options, const std::string& region, std::shared_ptr<const HttpClient> http) {
  const S3Auth& auth = options.auth;
  const Surroundings around{region, std::move(http), options.cancel};
  if (auth.access_key_env || auth.secret_key_env) return FromVariables(auth);
  if (auth.profile) return FromProfile(*auth.profile, around, 0);
  SLUICE_ASSIGN_OR_RETURN(auto chain, FromUsualChain(around));
  if (!auth.role_arn) return chain;
  return std::make_shared<RoleSource>(std::move(chain), *auth.role_arn,
                                      auth.external_id.value_or(""), around);
}

}  // namespace sluice::store
