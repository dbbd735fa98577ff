#include "sluice/aws/profile.h"

#include <fstream>
#include <iterator>

#include "sluice/aws/environment.h"

namespace sluice::aws {
namespace {

struct SharedFile {
  const char* variable;  ///< names another place for it
  const char* name;
  bool is_config;
};
constexpr SharedFile kCredentialsFile{"AWS_SHARED_CREDENTIALS_FILE", "credentials", false};
constexpr SharedFile kConfigFile{"AWS_CONFIG_FILE", "config", true};

/// The name in the title of a section of `kind`; nullopt for sections of other kinds.
std::optional<std::string> NameInTitle(std::string_view title, std::string_view kind) {
  title = TrimBlanks(title);
  if (!title.starts_with(kind)) return std::nullopt;
  return std::string(TrimBlanks(title.substr(kind.size())));
}

/// The profile that a section's title names; nullopt for sections of other kinds.
std::optional<std::string> SectionProfile(std::string_view title, bool is_config_file) {
  title = TrimBlanks(title);
  if (!is_config_file || title == "default") return std::string(title);
  return NameInTitle(title, "profile");
}

/// What stands between the brackets of a section's title.
std::string_view InBrackets(std::string_view title) { return title.substr(1, title.find(']') - 1); }

/// `home` stands for the user's folder.
std::string PathOf(const SharedFile& file, const std::string& home) {
  return FirstOfEnvironment({file.variable}).value_or(home + "/.aws/" + file.name);
}

std::string Home() { return FirstOfEnvironment({"HOME"}).value_or(""); }

std::string ReadText(const SharedFile& file) {
  std::ifstream in(PathOf(file, Home()));
  return {std::istreambuf_iterator<char>(in), {}};
}

std::map<std::string, Profile> ReadProfiles(const SharedFile& file) {
  return ParseProfiles(ReadText(file), file.is_config);
}

}  // namespace

std::map<std::string, Profile> ParseProfiles(std::string_view text, bool is_config_file) {
  return ParseIni(text, [is_config_file](std::string_view title) {
    return SectionProfile(InBrackets(title), is_config_file);
  });
}

std::string SettingOf(const Profile& profile, const std::string& name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

std::optional<Profile> LoadSsoSession(const std::string& name) {
  const auto sessions = ParseIni(ReadText(kConfigFile), [](std::string_view title) {
    return NameInTitle(InBrackets(title), "sso-session");
  });
  const auto found = sessions.find(name);
  if (found == sessions.end()) return std::nullopt;
  return found->second;
}

std::string SsoCacheFolder() { return Home() + "/.aws/sso/cache"; }

std::optional<Profile> LoadProfile(const std::string& name) {
  auto merged = ReadProfiles(kConfigFile);
  for (const auto& [profile, settings] : ReadProfiles(kCredentialsFile)) {
    for (const auto& [key, value] : settings) merged[profile][key] = value;
  }
  const auto found = merged.find(name);
  if (found == merged.end()) return std::nullopt;
  return found->second;
}

std::string ProfileFiles() {
  return PathOf(kCredentialsFile, "~") + " or " + PathOf(kConfigFile, "~");
}

std::string DefaultProfileName() {
  return FirstOfEnvironment({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}).value_or("default");
}

std::optional<std::string> DefaultRegion(const std::optional<std::string>& profile) {
  if (auto region = FirstOfEnvironment({"AWS_REGION", "AWS_DEFAULT_REGION"})) return region;
  const auto loaded = LoadProfile(profile.value_or(DefaultProfileName()));
  if (!loaded) return std::nullopt;
  const auto region = loaded->find("region");
  if (region == loaded->end() || region->second.empty()) return std::nullopt;
  return region->second;
}

}  // namespace sluice::aws
