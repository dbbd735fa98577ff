#include "sluice/catalog/sign_in.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include "sluice/aws/environment.h"
#include "sluice/aws/ini_file.h"
#include "sluice/runtime/log.h"

namespace sluice::catalog {
namespace {

using Section = aws::IniSection;

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string Setting(const Section& settings, const char* name) {
  const auto found = settings.find(name);
  return found == settings.end() ? std::string() : found->second;
}

/// A setting of the SDKs, the variable that may hold it, and the way to sign in that it belongs to.
struct Attribute {
  const char* name;
  const char*
      variable;  ///< nullptr: read from profiles only, for the variable is there for other programs, too
  const char* way;
};
constexpr std::array<Attribute, 17> kAttributes{{
    {"host", "DATABRICKS_HOST", nullptr},
    {"auth_type", "DATABRICKS_AUTH_TYPE", nullptr},
    {"token", "DATABRICKS_TOKEN", "pat"},
    {"client_id", "DATABRICKS_CLIENT_ID", "oauth-m2m"},
    {"client_secret", "DATABRICKS_CLIENT_SECRET", "oauth-m2m"},
    {"username", "DATABRICKS_USERNAME", "basic"},
    {"password", "DATABRICKS_PASSWORD", "basic"},
    {"oidc_token_env", "DATABRICKS_OIDC_TOKEN_ENV", "env-oidc"},
    {"oidc_token_filepath", "DATABRICKS_OIDC_TOKEN_FILE", "file-oidc"},
    {"metadata_service_url", "DATABRICKS_METADATA_SERVICE_URL", "metadata-service"},
    {"google_service_account", "DATABRICKS_GOOGLE_SERVICE_ACCOUNT", "google"},
    {"google_credentials", nullptr, "google"},
    {"azure_workspace_resource_id", "DATABRICKS_AZURE_RESOURCE_ID", "azure"},
    {"azure_use_msi", nullptr, "azure"},
    {"azure_client_id", nullptr, "azure"},
    {"azure_client_secret", nullptr, "azure"},
    {"azure_tenant_id", nullptr, "azure"},
}};

bool IsKnown(const std::string& way) { return way == "pat" || way == "oauth-m2m"; }

constexpr char kWhatWorks[] =
    "sign in with a token (`token`, DATABRICKS_TOKEN) or with the client id and secret of a "
    "service principal "
    "(`client_id` and `client_secret`, DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET)";

/// scheme://host[:port][/prefix]: without what a browser's address bar adds.
Result<std::string> CleanHost(std::string host, const std::string& origin) {
  const auto malformed = [&](const std::string& why) {
    return Fail(Error{ErrorKind::kConfig, fmt::format("{}: {}", origin, why),
                      "write it as https://HOST, the address of the workspace"});
  };
  if (host.find("://") == std::string::npos) host = "https://" + host;
  const std::string scheme = Lower(host.substr(0, host.find("://")));
  if (scheme != "https" && scheme != "http") {
    return malformed(fmt::format("'{}' is not a scheme that a catalog is reached by", scheme));
  }
  std::string rest = host.substr(scheme.size() + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  if (rest.substr(0, rest.find('/')).find('@') != std::string::npos) {
    return malformed("a user or a password stands in the URL");
  }
  while (rest.ends_with('/')) rest.pop_back();
  constexpr std::string_view kApi = "/api/2.1/unity-catalog";
  if (rest.ends_with(kApi)) rest.resize(rest.size() - kApi.size());
  if (rest.empty() || rest.front() == '/' ||
      rest.find_first_of(" \t\r\n\"<>\\^`{|}") != std::string::npos) {
    return malformed("it is not a URL");
  }
  return scheme + "://" + rest;
}

std::string HomeFile(std::string path) {
  const std::string home = aws::FirstOfEnvironment({"HOME"}).value_or("");
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

struct Gathered {
  Section settings;
  std::map<std::string, std::string> origins;  ///< of each setting, for messages
  void Add(const std::string& name, const std::string& value, const std::string& origin) {
    if (!value.empty() && settings.emplace(name, value).second) origins[name] = origin;
  }
};

void GatherVariables(Gathered& gathered) {
  for (const auto& attribute : kAttributes) {
    if (attribute.variable == nullptr) continue;
    gathered.Add(attribute.name, aws::FirstOfEnvironment({attribute.variable}).value_or(""),
                 attribute.variable);
  }
}

std::set<std::string> WaysIn(const Gathered& gathered) {
  std::set<std::string> ways;
  for (const auto& attribute : kAttributes) {
    if (attribute.way != nullptr && gathered.settings.contains(attribute.name)) {
      ways.insert(attribute.way);
    }
  }
  return ways;
}

/// The settings of a profile that were not given otherwise. `profile`: "" for the file's default one, if it has one.
Status GatherProfile(std::string profile, const CatalogOptions& options, Gathered& gathered) {
  const std::string shown =
      aws::FirstOfEnvironment({"DATABRICKS_CONFIG_FILE"}).value_or("~/.databrickscfg");
  std::ifstream in(HomeFile(shown), std::ios::binary);
  const bool is_named = !profile.empty();
  auto sections = ParseIni(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!is_named) profile = Setting(sections["__settings__"], "default_profile");
  sections.erase("__settings__");
  if (profile.empty()) profile = "DEFAULT";
  const auto found = sections.find(profile);
  if (found == sections.end()) {
    if (!is_named && profile == "DEFAULT") return {};
    return Fail(Error{ErrorKind::kConfig, fmt::format("{} has no profile '{}'", shown, profile),
                      in.is_open() ? "correct `catalog.auth.profile`, or add the profile"
                                   : fmt::format("the file cannot be read: create it, or set "
                                                 "DATABRICKS_CONFIG_FILE")});
  }
  const std::string origin = fmt::format("profile {} of {}", profile, shown);
  const std::string host = Setting(found->second, "host");
  if (!options.url.empty() && !host.empty()) {
    SLUICE_ASSIGN_OR_RETURN(const std::string theirs, CleanHost(host, origin));
    SLUICE_ASSIGN_OR_RETURN(const std::string ours, CleanHost(options.url, "`catalog.url`"));
    if (Lower(theirs) != Lower(ours)) {
      return Fail(Error{
          ErrorKind::kConfig,
          fmt::format("{} is of {}, and `catalog.url` is {}: its secrets are not sent there",
                      origin, theirs, ours),
          "set `catalog.auth.profile` to a profile of that workspace, or correct `catalog.url`"});
    }
  }
  for (const auto& [name, value] : found->second) gathered.Add(name, value, origin);
  return {};
}

Result<std::string> Variable(const std::string& name, const char* key) {
  auto value = aws::FirstOfEnvironment({name.c_str()});
  if (value) return std::move(*value);
  return Fail(
      Error{ErrorKind::kConfig,
            fmt::format("the environment variable {}, which `catalog.auth.{}` names, is not set",
                        name, key),
            fmt::format("set {}, or correct `catalog.auth.{}`", name, key)});
}

/// Who asks, where the config names variables.
Status ReadNamedVariables(const CatalogOptions& options, SignIn& sign_in) {
  if (options.token_env) {
    SLUICE_ASSIGN_OR_RETURN(sign_in.token, Variable(*options.token_env, "token_env"));
  }
  if (options.client_id_env) {
    SLUICE_ASSIGN_OR_RETURN(sign_in.client_id, Variable(*options.client_id_env, "client_id_env"));
  }
  if (options.client_secret_env) {
    SLUICE_ASSIGN_OR_RETURN(sign_in.client_secret,
                            Variable(*options.client_secret_env, "client_secret_env"));
  }
  return {};
}

/// Which of the ways to sign in is meant. "": there is none.
Result<std::string> ChooseWay(const Gathered& gathered) {
  const std::string wanted = Lower(Setting(gathered.settings, "auth_type"));
  const auto ways = WaysIn(gathered);
  if (!wanted.empty() && !IsKnown(wanted)) {
    return Fail(Error{
        ErrorKind::kConfig,
        fmt::format("{}: sluice cannot sign in by {}", gathered.origins.at("auth_type"), wanted),
        kWhatWorks});
  }
  if (!wanted.empty() && !ways.contains(wanted)) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("{} asks for {}, and its settings are missing",
                                  gathered.origins.at("auth_type"), wanted),
                      kWhatWorks});
  }
  if (!wanted.empty()) return wanted;
  if (ways.size() > 1) {
    std::vector<std::string> origins;
    for (const auto& attribute : kAttributes) {
      const auto origin = gathered.origins.find(attribute.name);
      if (attribute.way == nullptr || origin == gathered.origins.end()) continue;
      origins.push_back(fmt::format("{} ({})", attribute.name, origin->second));
    }
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("more than one way to sign in to the catalog is given: {}",
                                  fmt::join(origins, ", ")),
                      "remove all but one, or set DATABRICKS_AUTH_TYPE to pat or oauth-m2m"});
  }
  if (ways.empty()) return std::string();
  if (!IsKnown(*ways.begin())) {
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("sluice cannot sign in to the catalog by {}", *ways.begin()),
                      kWhatWorks});
  }
  return *ways.begin();
}

/// They go into a header, which is one line.
Status CheckLines(const SignIn& sign_in) {
  for (const std::string* secret : {&sign_in.token, &sign_in.client_id, &sign_in.client_secret}) {
    if (std::none_of(secret->begin(), secret->end(),
                     [](unsigned char c) { return std::iscntrl(c) != 0; })) {
      continue;
    }
    return Fail(Error{
        ErrorKind::kConfig,
        "the catalog's token, client id or client secret holds a line break or another control "
        "character",
        "set it without one"});
  }
  return {};
}

Status CheckPair(const SignIn& sign_in) {
  if (sign_in.client_id.empty() == sign_in.client_secret.empty()) return {};
  return Fail(Error{ErrorKind::kConfig,
                    fmt::format("the catalog's {} is missing",
                                sign_in.client_id.empty() ? "client id" : "client secret"),
                    "set both client id and client secret"});
}

}  // namespace

std::map<std::string, Section> ParseIni(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  return aws::ParseIni(
      text,
      [](std::string_view title) -> std::optional<std::string> {
        const size_t end = title.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        return std::string(title.substr(1, end - 1));
      },
      "=:");
}

Result<SignIn> FindSignIn(const CatalogOptions& options) {
  SignIn sign_in;
  Gathered gathered;
  gathered.Add("host", options.url, "`catalog.url`");
  if (options.token_env || options.client_id_env || options.client_secret_env) {
    SLUICE_RETURN_IF_ERROR(ReadNamedVariables(options, sign_in));
    gathered.Add("host", aws::FirstOfEnvironment({"DATABRICKS_HOST"}).value_or(""),
                 "DATABRICKS_HOST");
  } else {
    GatherVariables(gathered);
    const std::string profile = options.profile.value_or(
        aws::FirstOfEnvironment({"DATABRICKS_CONFIG_PROFILE"}).value_or(""));
    if (!profile.empty() || WaysIn(gathered).empty()) {
      SLUICE_RETURN_IF_ERROR(GatherProfile(profile, options, gathered));
    }
    SLUICE_ASSIGN_OR_RETURN(const std::string way, ChooseWay(gathered));
    if (way == "pat") sign_in.token = Setting(gathered.settings, "token");
    if (way == "oauth-m2m") {
      sign_in.client_id = Setting(gathered.settings, "client_id");
      sign_in.client_secret = Setting(gathered.settings, "client_secret");
    }
  }
  SLUICE_RETURN_IF_ERROR(CheckPair(sign_in));
  SLUICE_RETURN_IF_ERROR(CheckLines(sign_in));
  const std::string host = Setting(gathered.settings, "host");
  if (host.empty()) {
    return Fail(Error{ErrorKind::kConfig, "the catalog's address is missing",
                      "set `catalog.url` to https://HOST, or DATABRICKS_HOST"});
  }
  SLUICE_ASSIGN_OR_RETURN(sign_in.host, CleanHost(host, gathered.origins.at("host")));
  runtime::RegisterSecret(sign_in.token);
  runtime::RegisterSecret(sign_in.client_secret);
  return sign_in;
}

}  // namespace sluice::catalog
