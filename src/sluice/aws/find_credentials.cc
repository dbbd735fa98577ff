#include "sluice/aws/find_credentials.h"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <utility>

#include "sluice/aws/assumed_role.h"
#include "sluice/aws/environment.h"
#include "sluice/aws/profile.h"
#include "sluice/aws/sdk_credentials.h"
#include "sluice/runtime/log.h"

namespace sluice::aws {
namespace {

void RegisterSecrets(const Credentials& credentials) {
  runtime::RegisterSecret(credentials.secret_key);
  runtime::RegisterSecret(credentials.session_token);
}

class FixedSource : public CredentialsSource {
 public:
  explicit FixedSource(Credentials credentials) : credentials_(std::move(credentials)) {
    RegisterSecrets(credentials_);
  }
  Result<Credentials> Get(bool, const runtime::CancelToken&) override { return credentials_; }

 private:
  const Credentials credentials_;
};

std::string Setting(const Profile& profile, const std::string& name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

Credentials KeysIn(const Profile& profile) {
  return {Setting(profile, "aws_access_key_id"),
          Setting(profile, "aws_secret_access_key"),
          Setting(profile, "aws_session_token"),
          {}};
}

/// The keys in a profile, read again when they are refused: tools that log in write new ones there.
class ProfileSource : public CredentialsSource {
 public:
  ProfileSource(std::string name, Credentials credentials)
      : name_(std::move(name)), current_(std::move(credentials)) {
    RegisterSecrets(current_);
  }
  Result<Credentials> Get(bool refused, const runtime::CancelToken&) override {
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
  Credentials current_;  // guarded by mutex_
};

/// What a source needs that asks over the network.
struct Surroundings {
  std::string region;
  std::shared_ptr<const net::HttpClient> http;
};

Result<std::string> Variable(const std::string& name) {
  auto value = FirstOfEnvironment({name.c_str()});
  if (value) return std::move(*value);
  return Fail(
      Error{ErrorKind::kConfig,
            fmt::format("the environment variable {} is not set, and `auth` names it", name),
            fmt::format("set {}, or change `auth`", name)});
}

Result<std::shared_ptr<CredentialsSource>> FromVariables(const Auth& auth) {
  Credentials credentials;
  SLUICE_ASSIGN_OR_RETURN(credentials.access_key, Variable(auth.access_key_env.value_or("")));
  SLUICE_ASSIGN_OR_RETURN(credentials.secret_key, Variable(auth.secret_key_env.value_or("")));
  if (auth.session_token_env) {
    SLUICE_ASSIGN_OR_RETURN(credentials.session_token, Variable(*auth.session_token_env));
  }
  return std::make_shared<FixedSource>(std::move(credentials));
}

/// `depth` guards against profiles that name one another as their source.
Result<std::shared_ptr<CredentialsSource>> FromProfile(const std::string& name,
                                                       const Surroundings& around, int depth) {
  const auto profile = LoadProfile(name);
  if (!profile) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("there is no profile '{}' in {}", name, ProfileFiles()),
                      "correct `profile`, or run `aws configure --profile " + name + "`"});
  }
  const Credentials keys = KeysIn(*profile);
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
    std::shared_ptr<CredentialsSource> base;
    if (source == name) {
      base = std::make_shared<ProfileSource>(name, keys);
    } else {
      SLUICE_ASSIGN_OR_RETURN(base, FromProfile(source, around, depth + 1));
    }
    return AssumeRole({role, Setting(*profile, "external_id"), around.region}, std::move(base),
                      around.http);
  }
  if (has_keys) return std::make_shared<ProfileSource>(name, keys);
  return FindSdkCredentials(name);
}

/// Environment and profile are read here; what needs a network is left to AWS's SDK.
Result<std::shared_ptr<CredentialsSource>> FromUsualChain(const Surroundings& around) {
  const auto access_key = FirstOfEnvironment({"AWS_ACCESS_KEY_ID"});
  const auto secret_key = FirstOfEnvironment({"AWS_SECRET_ACCESS_KEY"});
  if (access_key && secret_key) {
    return std::make_shared<FixedSource>(Credentials{
        *access_key, *secret_key, FirstOfEnvironment({"AWS_SESSION_TOKEN"}).value_or(""), {}});
  }
  const std::string profile = DefaultProfileName();
  if (LoadProfile(profile)) return FromProfile(profile, around, 0);
  return FindSdkCredentials({});
}

}  // namespace

Result<std::shared_ptr<CredentialsSource>> FindCredentials(
    const Auth& auth, const std::string& region, std::shared_ptr<const net::HttpClient> http) {
  const Surroundings around{region, std::move(http)};
  if (auth.access_key_env || auth.secret_key_env) return FromVariables(auth);
  if (auth.profile) return FromProfile(*auth.profile, around, 0);
  SLUICE_ASSIGN_OR_RETURN(auto chain, FromUsualChain(around));
  if (!auth.role_arn) return chain;
  return AssumeRole({*auth.role_arn, auth.external_id.value_or(""), region}, std::move(chain),
                    around.http);
}

}  // namespace sluice::aws
