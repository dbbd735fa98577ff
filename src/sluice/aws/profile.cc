#include "sluice/aws/profile.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <functional>
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

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The name in the title of a section of `kind`; nullopt for sections of other kinds.
std::optional<std::string> NameInTitle(std::string_view title, std::string_view kind) {
  title = Trim(title);
  if (!title.starts_with(kind)) return std::nullopt;
  return std::string(Trim(title.substr(kind.size())));
}

/// The profile that a section's title names; nullopt for sections of other kinds.
std::optional<std::string> SectionProfile(std::string_view title, bool is_config_file) {
  title = Trim(title);
  if (!is_config_file || title == "default") return std::string(title);
  return NameInTitle(title, "profile");
}

/// The settings of the sections to which `name_of` gives a name.
std::map<std::string, Profile> ParseSections(
    std::string_view text,
    const std::function<std::optional<std::string>(std::string_view)>& name_of) {
  std::map<std::string, Profile> sections;
  Profile* current = nullptr;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view trimmed = Trim(line);
    if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == ';') continue;
    if (trimmed.front() == '[') {
      const auto name = name_of(trimmed.substr(1, trimmed.find(']') - 1));
      current = name ? &sections[*name] : nullptr;
      continue;
    }
    const size_t equals = trimmed.find('=');
    const bool is_nested = line.front() == ' ' || line.front() == '\t';
    if (current == nullptr || is_nested || equals == std::string_view::npos) continue;
    std::string name(Trim(trimmed.substr(0, equals)));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    (*current)[std::move(name)] = std::string(Trim(trimmed.substr(equals + 1)));
  }
  return sections;
}

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
  return ParseSections(text, [is_config_file](std::string_view title) {
    return SectionProfile(title, is_config_file);
  });
}

std::string SettingOf(const Profile& profile, const std::string& name) {
  const auto found = profile.find(name);
  return found == profile.end() ? std::string() : found->second;
}

std::optional<Profile> LoadSsoSession(const std::string& name) {
  const auto sessions = ParseSections(ReadText(kConfigFile), [](std::string_view title) {
    return NameInTitle(title, "sso-session");
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
