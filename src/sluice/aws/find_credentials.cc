#include "sluice/aws/find_credentials.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "sluice/aws/assumed_role.h"
#include "sluice/aws/credential_process.h"
#include "sluice/aws/environment.h"
#include "sluice/aws/fresh_credentials.h"
#include "sluice/aws/profile.h"
#include "sluice/aws/sdk_credentials.h"
#include "sluice/aws/sso_credentials.h"
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
  Result<Credentials> Get(std::string_view, const runtime::CancelToken&) override {
    return credentials_;
  }

 private:
  const Credentials credentials_;
};

Credentials KeysIn(const Profile& profile) {
  return {SettingOf(profile, "aws_access_key_id"),
          SettingOf(profile, "aws_secret_access_key"),
          SettingOf(profile, "aws_session_token"),
          {}};
}

/// The keys in a profile, read again when they are refused: tools that log in write new ones there.
std::shared_ptr<CredentialsSource> KeysOfProfile(const std::string& name,
                                                 const Credentials& first) {
  return KeepFresh([name, first](const runtime::CancelToken&) -> Result<Credentials> {
    const auto profile = LoadProfile(name);
    if (!profile || KeysIn(*profile).secret_key.empty()) return first;
    return KeysIn(*profile);
  });
}

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
                      fmt::format("profile '{}' does not exist in {}", name, ProfileFiles()),
                      "correct `profile`, or run `aws configure --profile " + name + "`"});
  }
  const Credentials keys = KeysIn(*profile);
  if (keys.access_key.empty() != keys.secret_key.empty()) {
    const char* missing = keys.access_key.empty() ? "aws_access_key_id" : "aws_secret_access_key";
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("profile '{}' in {} has no {}", name, ProfileFiles(), missing),
                      fmt::format("add {}, or run `aws configure --profile {}`", missing, name)});
  }
  const std::string source = SettingOf(*profile, "source_profile");
  const std::string role = SettingOf(*profile, "role_arn");
  const bool has_keys = !keys.access_key.empty();
  if (!role.empty() && !source.empty() && (source != name || has_keys)) {
    if (depth >= 8) return Fail(ErrorKind::kConfig, "profile '{}' has no first source", name);
    std::shared_ptr<CredentialsSource> base;
    if (source == name) {
      base = KeysOfProfile(name, keys);
    } else {
      SLUICE_ASSIGN_OR_RETURN(base, FromProfile(source, around, depth + 1));
    }
    return AssumeRole({role, SettingOf(*profile, "external_id"), around.region}, std::move(base),
                      around.http);
  }
  if (has_keys) return KeysOfProfile(name, keys);
  // The SDK reads one profile only, the one that the environment names; setting AWS_PROFILE for it would change
  // what every other store of this process finds.
  if (name == DefaultProfileName()) return FindSdkCredentials(name);
  if (const std::string command = SettingOf(*profile, "credential_process"); !command.empty()) {
    return KeepFresh([name, command](const runtime::CancelToken& cancel) {
      return RunCredentialProcess(name, command, cancel);
    });
  }
  SLUICE_ASSIGN_OR_RETURN(const auto sso, ReadSso(name, *profile));
  if (sso) {
    return KeepFresh([sso = *sso, http = around.http](const runtime::CancelToken& cancel) {
      return FetchSsoCredentials(sso, *http, cancel);
    });
  }
  return Fail(
      Error{ErrorKind::kConfig,
            fmt::format("profile '{}' in {} has neither keys, nor a role with a source_profile, "
                        "a credential_process or a sign-in",
                        name, ProfileFiles()),
            fmt::format("run `aws configure --profile {0}`, or set AWS_PROFILE={0} in place of "
                        "`profile`",
                        name)});
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
