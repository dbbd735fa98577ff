#include "sluice/config/section_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sluice/config/nearest.h"

namespace sluice::config {

namespace {

/// The ARN of a role; servers other than AWS's leave parts of it empty.
std::optional<std::string> RoleArn(YamlMap& map) {
  auto arn = map.Text("role_arn");
  if (arn && !(arn->starts_with("arn:") && arn->find(":role/") != std::string::npos)) {
    map.Add("role_arn", fmt::format("'role_arn' must be like arn:aws:iam::123456789012:role/NAME, "
                                    "not '{}'",
                                    map.Written("role_arn")));
  }
  return arn;
}

}  // namespace

Auth SectionParser::ParseAuth(const YAML::Node& node, const std::string& what) {
  YamlMap map(node, what, env_, mistakes_);
  map.RefuseUnknown({"profile", "role_arn", "external_id", "access_key_env", "secret_key_env",
                     "session_token_env", "catalog"});
  Auth auth;
  if (const auto catalog = map.Bool("catalog")) {
    auth.catalog = *catalog;
    if (!*catalog) {
      map.Add("catalog", "'catalog' can only be true: leave it out for another form of auth");
    } else if (!has_catalog_) {
      map.Add("catalog",
              "'catalog: true' takes credentials from the catalog, but there is no `catalog` "
              "section");
    }
  }
  auth.profile = map.Text("profile");
  auth.role_arn = RoleArn(map);
  auth.external_id = map.Text("external_id");
  auth.access_key_env = map.EnvName("access_key_env");
  auth.secret_key_env = map.EnvName("secret_key_env");
  auth.session_token_env = map.EnvName("session_token_env");
  const bool keys = auth.access_key_env || auth.secret_key_env || auth.session_token_env;
  const int forms = (auth.profile ? 1 : 0) + (auth.role_arn || auth.external_id ? 1 : 0) +
                    (keys ? 1 : 0) + (auth.catalog ? 1 : 0);
  if (forms > 1) {
    mistakes_.Add(map.mark(),
                  fmt::format("{} takes one of: profile; role_arn and external_id; access_key_env, "
                              "secret_key_env and session_token_env; catalog",
                              what));
  }
  if (keys && !auth.access_key_env) map.Missing("access_key_env", "");
  if (keys && !auth.secret_key_env) map.Missing("secret_key_env", "");
  if (auth.external_id && !auth.role_arn) map.Missing("role_arn", "external_id goes with it");
  return auth;
}

StoreOptions SectionParser::ParseStoreOptions(YamlMap& map) {
  StoreOptions options;
  options.region = map.Text("region");
  options.endpoint = map.Url("endpoint", {"https", "http"});
  if (options.endpoint) {
    const size_t slash = options.endpoint->find('/', options.endpoint->find("://") + 3);
    if (slash != std::string::npos && slash + 1 < options.endpoint->size()) {
      map.Add("endpoint", "'endpoint' must end with the host and its port: `url` names the bucket");
    }
  }
  options.ca_bundle = map.Text("ca_bundle");
  options.expected_bucket_owner = map.Text("expected_bucket_owner");
  const auto& owner = options.expected_bucket_owner;
  constexpr size_t kAccountDigits = 12;
  if (owner && (owner->size() != kAccountDigits ||
                owner->find_first_not_of("0123456789") != std::string::npos)) {
    map.Add("expected_bucket_owner",
            fmt::format("'expected_bucket_owner' must be the 12 digits of an AWS account, not '{}'",
                        map.Written("expected_bucket_owner")));
  }
  options.path_style = map.Bool("path_style");
  if (map.Has("auth")) options.auth = ParseAuth(map.Child("auth"), "auth");
  return options;
}

Destination SectionParser::ParseDestination(const YAML::Node& node) {
  YamlMap map(node, "destination", env_, mistakes_);
  map.RefuseUnknown({"url", "region", "endpoint", "path_style", "ca_bundle",
                     "expected_bucket_owner", "auth", "encryption"});
  Destination destination;
  destination.url = map.Location("url").value_or("");
  if (!map.Has("url")) map.Missing("url", "s3://bucket/prefix or a local folder");
  destination.options = ParseStoreOptions(map);
  if (!map.Has("encryption")) return destination;
  YamlMap encryption(map.Child("encryption"), "encryption", env_, mistakes_);
  encryption.RefuseUnknown({"type", "kms_key_id"});
  const auto type = encryption.Text("type").value_or("none");
  destination.encryption.kms_key_id = encryption.Text("kms_key_id");
  if (type == "sse-s3") {
    destination.encryption.type = Encryption::Type::kSseS3;
  } else if (type == "sse-kms") {
    destination.encryption.type = Encryption::Type::kSseKms;
    if (!destination.encryption.kms_key_id) encryption.Missing("kms_key_id", "sse-kms needs it");
  } else if (type != "none") {
    encryption.NotOneOf("type", {"none", "sse-s3", "sse-kms"});
  }
  return destination;
}

StoreOptions SectionParser::ParseSource(const YAML::Node& node) {
  YamlMap map(node, "source", env_, mistakes_);
  map.RefuseUnknown(
      {"region", "endpoint", "path_style", "ca_bundle", "expected_bucket_owner", "auth"});
  return ParseStoreOptions(map);
}

CatalogOptions SectionParser::ParseCatalog(const YAML::Node& node) {
  YamlMap map(node, "catalog", env_, mistakes_);
  map.RefuseUnknown({"url", "auth"});
  CatalogOptions catalog;
  catalog.url = map.Url("url", {"https", "http"}).value_or("");
  YamlMap auth(map.Child("auth"), "auth", env_, mistakes_);
  auth.RefuseUnknown({"profile", "token_env", "client_id_env", "client_secret_env"});
  catalog.profile = auth.Text("profile");
  catalog.token_env = auth.EnvName("token_env");
  catalog.client_id_env = auth.EnvName("client_id_env");
  catalog.client_secret_env = auth.EnvName("client_secret_env");
  const bool client = catalog.client_id_env || catalog.client_secret_env;
  if (catalog.client_id_env.has_value() != catalog.client_secret_env.has_value()) {
    mistakes_.Add(auth.mark(), "client_id_env and client_secret_env go together");
  }
  const int forms = (catalog.profile ? 1 : 0) + (catalog.token_env ? 1 : 0) + (client ? 1 : 0);
  if (forms > 1) {
    mistakes_.Add(auth.mark(),
                  "auth takes one of: profile; token_env; client_id_env and client_secret_env");
  }
  return catalog;
}

Partner SectionParser::ParsePartner(const YAML::Node& node) {
  YamlMap map(node, "partner", env_, mistakes_);
  map.RefuseUnknown({"role_arn", "external_id"});
  return {RoleArn(map), map.Text("external_id")};
}

Limits SectionParser::ParseLimits(const YAML::Node& node) {
  YamlMap map(node, "limits", env_, mistakes_);
  map.RefuseUnknown({"memory", "connections", "max_concurrent_runs"});
  Limits limits;
  if (const auto bytes = map.Bytes("memory")) {
    constexpr int64_t kLeast = 64 << 20;
    if (*bytes < kLeast) {
      map.Add("memory", "'memory' must be at least 64MiB");
    } else {
      limits.memory_bytes = *bytes;
    }
  }
  if (const auto n = map.Integer("connections", 1, 10'000)) {
    limits.connections = static_cast<int>(*n);
  }
  if (const auto n = map.Integer("max_concurrent_runs", 1, 1'000)) {
    limits.max_concurrent_runs = static_cast<int>(*n);
  }
  return limits;
}

Notify SectionParser::ParseNotify(const YAML::Node& node) {
  YamlMap map(node, "notify", env_, mistakes_);
  map.RefuseUnknown({"on", "slack", "email", "webhook", "ping"});
  Notify notify;
  const std::vector<std::string> known = notify.on;
  if (auto on = map.Texts("on")) {
    for (const auto& event : *on) {
      if (std::find(known.begin(), known.end(), event) == known.end()) {
        const auto nearest = Nearest(event, known);
        map.Add("on", fmt::format("'on' cannot list '{}': use {}{}", event, fmt::join(known, ", "),
                                  nearest ? fmt::format("; did you mean '{}'?", *nearest) : ""));
      }
    }
    notify.on = std::move(*on);
  }
  const auto require = [](YamlMap& section, const std::string& key) {
    if (!section.Has(key)) section.Missing(key, "");
    const bool is_env = key.ends_with("_env");
    return (is_env ? section.EnvName(key) : section.Text(key)).value_or("");
  };
  if (map.Has("slack")) {
    YamlMap slack(map.Child("slack"), "slack", env_, mistakes_);
    slack.RefuseUnknown({"webhook_env"});
    notify.slack_webhook_env = require(slack, "webhook_env");
  }
  if (map.Has("email")) {
    YamlMap email(map.Child("email"), "email", env_, mistakes_);
    email.RefuseUnknown({"smtp", "from", "to", "user_env", "password_env"});
    Notify::Email mail;
    mail.smtp = require(email, "smtp");
    mail.from = require(email, "from");
    if (!email.Has("to")) email.Missing("to", "");
    if (email.Child("to").IsScalar()) {
      if (auto one = email.Text("to")) mail.to.push_back(std::move(*one));
    } else {
      mail.to = email.Texts("to").value_or(std::vector<std::string>{});
    }
    mail.user_env = email.EnvName("user_env");
    mail.password_env = email.EnvName("password_env");
    notify.email = std::move(mail);
  }
  if (map.Has("webhook")) {
    YamlMap webhook(map.Child("webhook"), "webhook", env_, mistakes_);
    webhook.RefuseUnknown({"url_env", "hmac_env"});
    notify.webhook = Notify::Webhook{require(webhook, "url_env"), webhook.EnvName("hmac_env")};
  }
  if (map.Has("ping")) {
    YamlMap ping(map.Child("ping"), "ping", env_, mistakes_);
    ping.RefuseUnknown({"url_env"});
    notify.ping_url_env = require(ping, "url_env");
  }
  return notify;
}

std::string SectionParser::ParseListen(const YAML::Node& node) {
  YamlMap map(node, "serve", env_, mistakes_);
  map.RefuseUnknown({"listen"});
  const auto listen = map.Text("listen");
  if (!listen) return "127.0.0.1:8088";
  const size_t colon = listen->rfind(':');
  const std::string host = listen->substr(0, colon == std::string::npos ? 0 : colon);
  int port = 0;
  const char* end = listen->data() + listen->size();
  const auto [stop, error] = std::from_chars(listen->data() + host.size() + 1, end, port);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (host.empty() || error != std::errc() || stop != end || port < 1 || port > 65'535 ||
      (!bracketed && host.find(':') != std::string::npos)) {
    map.Add("listen",
            fmt::format("'listen' must be a host and a port, like 127.0.0.1:8088, not '{}'",
                        map.Written("listen")));
  }
  return *listen;
}

}  // namespace sluice::config
