#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/aws/profile.h"
#include "sluice/net/http_client.h"

namespace sluice::aws {

/// How a profile signs in through IAM Identity Center.
struct Sso {
  std::string profile;  ///< for messages
  std::string
      cache_key;  ///< what the file of the sign-in is named after: the session, else the start URL
  std::string region, account_id, role_name;
};

/// nullopt for a profile that does not use it; kConfig for one that does and lacks a setting. A session's
/// settings stand in a section of their own of the config file.
Result<std::optional<Sso>> ReadSso(const std::string& name, const Profile& profile);

/// Exchanges the token that `aws sso login` left in ~/.aws/sso/cache for credentials of the profile's role.
/// kPermission, with that command, where there is no token or it has expired.
Result<Credentials> FetchSsoCredentials(const Sso& sso, const net::HttpClient& http,
                                        const runtime::CancelToken& cancel);

}  // namespace sluice::aws
