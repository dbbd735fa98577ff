#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/aws/ini_file.h"
#include "sluice/base/result.h"

/// AWS's shared files: ~/.aws/credentials and ~/.aws/config, or where AWS_SHARED_CREDENTIALS_FILE and
/// AWS_CONFIG_FILE point (docs.aws.amazon.com/sdkref, "Shared config and credentials files").
namespace sluice::aws {

/// The settings of one profile, names in lower case.
using Profile = IniSection;

/// Profile name -> settings. In the config file sections are called "profile NAME", but for "default".
/// Nested settings and other sections are passed over.
std::map<std::string, Profile> ParseProfiles(std::string_view text, bool is_config_file);

/// "" if the profile does not have the setting.
std::string SettingOf(const Profile& profile, const std::string& name);

/// Both files' settings of `name`; the credentials file wins. nullopt where neither knows it.
std::optional<Profile> LoadProfile(const std::string& name);

/// The settings of "[sso-session NAME]" in the config file.
std::optional<Profile> LoadSsoSession(const std::string& name);
/// Where `aws sso login` leaves its tokens.
std::string SsoCacheFolder();

/// The two files, for messages: "~/.aws/credentials or ~/.aws/config", or where the variables point.
std::string ProfileFiles();

/// AWS_PROFILE, or "default".
std::string DefaultProfileName();

/// AWS_REGION, AWS_DEFAULT_REGION, or the region of `profile` (else of the default profile).
std::optional<std::string> DefaultRegion(const std::optional<std::string>& profile);

}  // namespace sluice::aws
