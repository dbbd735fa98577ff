#pragma once

#include <optional>
#include <string>

namespace sluice::aws {

/// How requests are signed: one form, or none for AWS's usual chain (environment, profile, web
/// identity, container, instance). The *_env members are names of environment variables. Holds no secret.
struct Auth {
  std::optional<std::string> profile;
  std::optional<std::string> role_arn, external_id;
  std::optional<std::string> access_key_env, secret_key_env, session_token_env;

  auto operator<=>(const Auth&) const = default;
};

}  // namespace sluice::aws
