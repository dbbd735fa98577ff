#include "sluice/onboard/setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice::onboard {
namespace {

using store::Location;

constexpr std::string_view kNoAccount = "<aws-account-id>", kNoRegion = "<region>",
                           kNoPartner = "<partner-role-arn>",
                           kNoExternalId = "<external-id-shown-by-databricks>";
constexpr size_t kAccountDigits = 12;

/// A key, and the partition that its value names.
struct Claim {
  std::vector<std::string> key;
  std::string value, partition;
};

std::string PartitionOfRegion(std::string_view region) {
  if (region.starts_with("cn-")) return "aws-cn";
  return region.starts_with("us-gov-") ? "aws-us-gov" : "aws";
}

void AddArn(std::vector<std::string> key, const std::optional<std::string>& arn,
            std::vector<Claim>& claims) {
  if (!arn || !arn->starts_with("arn:")) return;
  claims.push_back({std::move(key), *arn, ArnField(*arn, 1)});
}

void AddRegion(std::vector<std::string> key, const config::StoreOptions& options,
               std::vector<Claim>& claims) {
  // The regions of other servers have names of their own.
  if (!options.region || options.endpoint) return;
  claims.push_back({std::move(key), *options.region, PartitionOfRegion(*options.region)});
}

std::vector<Claim> ClaimsOf(const config::Config& config, const Options& options) {
  std::vector<Claim> claims;
  AddRegion({"destination", "region"}, config.destination.options, claims);
  AddArn({"destination", "auth", "role_arn"}, config.destination.options.auth.role_arn, claims);
  AddArn({"destination", "encryption", "kms_key_id"}, config.destination.encryption.kms_key_id,
         claims);
  if (config.source) {
    AddRegion({"source", "region"}, *config.source, claims);
    AddArn({"source", "auth", "role_arn"}, config.source->auth.role_arn, claims);
  }
  AddArn({"partner", "role_arn"}, config.partner.role_arn, claims);
  if (!options.runner.empty()) AddArn({}, options.runner, claims);
  return claims;
}

std::string NameOf(const Claim& claim) {
  return claim.key.empty() ? "--runner" : fmt::format("{}", fmt::join(claim.key, "."));
}

bool IsAccount(std::string_view text) {
  return text.size() == kAccountDigits &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "role/path/NAME" -> "NAME"
std::string RoleName(const std::string& arn) { return arn.substr(arn.rfind('/') + 1); }

/// The role that `auth` names, or one that is to be made.
Role RoleOf(const config::Auth& auth, const std::string& name, const Setup& setup) {
  if (!auth.role_arn) {
    return {name, setup.Arn(fmt::format("iam::{}:role/{}", setup.account, name)), ""};
  }
  return {RoleName(*auth.role_arn), *auth.role_arn, auth.external_id.value_or("")};
}

std::string AccountOf(const config::Config& config, const Options& options) {
  if (!options.account.empty()) return options.account;
  const auto& destination = config.destination.options;
  if (destination.expected_bucket_owner) return *destination.expected_bucket_owner;
  if (destination.auth.role_arn) return ArnField(*destination.auth.role_arn, 4);
  return std::string(kNoAccount);
}

/// The catalog of the first table that has one.
std::string CatalogOf(const std::vector<const config::Table*>& tables) {
  for (const auto* table : tables) {
    const auto& full = table->table;
    if (std::count(full.begin(), full.end(), '.') == 2) return full.substr(0, full.find('.'));
  }
  return "main";
}

std::vector<Location> SourcesOf(const std::vector<const config::Table*>& tables,
                                const std::string& folder) {
  std::vector<Location> sources;
  for (const auto* table : tables) {
    if (!table->path) continue;
    auto at = store::ParseLocation(*table->path, folder);
    if (!at || at->scheme != Location::Scheme::kS3) continue;
    const bool known = std::any_of(sources.begin(), sources.end(), [&](const Location& other) {
      return other.bucket == at->bucket && other.path == at->path;
    });
    if (!known) sources.push_back(*std::move(at));
  }
  return sources;
}

}  // namespace

Status CheckOptions(const Options& options) {
  if (!options.account.empty() && !IsAccount(options.account)) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("--account: '{}' is not the id of an account", options.account),
                      "give its 12 digits"});
  }
  if (!options.runner.empty() &&
      (!options.runner.starts_with("arn:") || ArnField(options.runner, 2) != "iam")) {
    return Fail(
        Error{ErrorKind::kUsage,
              fmt::format("--runner: '{}' is not the ARN of a role or user", options.runner),
              "give one like arn:aws:iam::123456789012:role/NAME"});
  }
  for (const auto& [name, value] :
       {std::pair{"--databricks-role", &options.databricks_role},
        {"--catalog", &options.catalog},
        {"--schema", &options.schema},
        {"--databricks-external-id", &options.databricks_external_id}}) {
    const bool odd = std::any_of(value->begin(), value->end(), [](unsigned char c) {
      return c < ' ' || c == '`' || c == '\'' || c == '"' || c == '/';
    });
    if (!odd) continue;
    return Fail(
        Error{ErrorKind::kUsage,
              fmt::format("{}: '{}' has a character that such a name cannot have", name, *value),
              "give the bare name, without quotes"});
  }
  return {};
}

std::string Setup::Arn(const std::string& service_and_rest) const {
  return fmt::format("arn:{}:{}", partition, service_and_rest);
}

std::optional<Contradiction> FindContradiction(const config::Config& config,
                                               const Options& options) {
  const std::vector<Claim> claims = ClaimsOf(config, options);
  for (const auto& claim : claims) {
    const auto& first = claims.front();
    if (claim.partition == first.partition) continue;
    return Contradiction{
        claim.key,
        fmt::format("{} ({}) is in the partition {} of AWS, but {} ({}) is in {}", NameOf(claim),
                    claim.value, claim.partition, NameOf(first), first.value, first.partition),
        "no role can be given rights across partitions: name roles, keys and buckets of one"};
  }
  const auto& destination = config.destination.options;
  const auto& owner = destination.expected_bucket_owner;
  if (owner && !options.account.empty() && *owner != options.account) {
    return Contradiction{{"destination", "expected_bucket_owner"},
                         fmt::format("destination.expected_bucket_owner is {}, but --account is {}",
                                     *owner, options.account),
                         "give the account that owns the bucket"};
  }
  const std::string wanted = !options.account.empty() ? options.account : owner.value_or("");
  const auto& role = destination.auth.role_arn;
  if (!wanted.empty() && role && ArnField(*role, 4) != wanted) {
    return Contradiction{
        {"destination", "auth", "role_arn"},
        fmt::format("destination.auth.role_arn ({}) is a role of another account than the bucket, "
                    "which account {} owns",
                    *role, wanted),
        fmt::format("export under a role of account {}: these policies let the exporter write "
                    "only to a bucket of its own account",
                    wanted)};
  }
  return std::nullopt;
}

Setup MakeSetup(const config::Config& config, const Location& destination, const Location& state,
                const std::vector<const config::Table*>& tables, const Options& options) {
  Setup setup;
  setup.destination = destination;
  setup.state = state;
  for (const auto& table : config.tables) setup.names.push_back(table.name);
  setup.sources = SourcesOf(tables, config.folder);
  const auto claims = ClaimsOf(config, options);
  setup.partition = claims.empty() ? "aws" : claims.front().partition;
  const auto& reached = config.destination.options;
  setup.region = reached.region.value_or(std::string(kNoRegion));
  setup.account = AccountOf(config, options);
  setup.endpoint = reached.endpoint.value_or("");
  setup.encryption = config.destination.encryption;
  if (setup.in_bucket()) {
    setup.partner = AccessOf(config.partner.role_arn.value_or(std::string(kNoPartner)), destination,
                             state, tables);
    setup.partner.partition = setup.partition;
    setup.partner.internal.push_back(PrefixOf(setup.ManagedFolder()));
  }
  const PartnerAccess local = AccessOf("", Location{}, Location{}, tables);
  for (const auto& key : local.readable) {
    setup.local_readable.push_back(destination.Child(key).ToString());
  }
  setup.partner_external_id = config.partner.external_id.value_or("");
  setup.exporter = RoleOf(reached.auth, "sluice-exporter", setup);
  if (config.source && config.source->auth.role_arn &&
      config.source->auth.role_arn != reached.auth.role_arn) {
    setup.source_reader = RoleOf(config.source->auth, "", setup);
  }
  setup.runner = !options.runner.empty() ? options.runner
                                         : setup.Arn(fmt::format("iam::{}:root", setup.account));
  const std::string databricks =
      options.databricks_role.empty() ? "sluice-databricks" : options.databricks_role;
  setup.databricks = {databricks,
                      setup.Arn(fmt::format("iam::{}:role/{}", setup.account, databricks)),
                      options.databricks_external_id.empty() ? std::string(kNoExternalId)
                                                             : options.databricks_external_id};
  setup.catalog = options.catalog.empty() ? CatalogOf(tables) : options.catalog;
  setup.schema = options.schema.empty() ? "sluice_export" : options.schema;
  return setup;
}

}  // namespace sluice::onboard
