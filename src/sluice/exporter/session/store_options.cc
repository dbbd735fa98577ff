#include "sluice/exporter/session/store_options.h"

#include <algorithm>
#include <filesystem>

namespace sluice::exporter {
namespace {

aws::Auth ToAuth(const config::Auth& auth) {
  // What the catalog gives for a place is found where the place is opened.
  return {auth.profile,        auth.role_arn,       auth.external_id,
          auth.access_key_env, auth.secret_key_env, auth.session_token_env};
}

store::ServerEncryption ToEncryption(const config::Encryption& encryption) {
  store::ServerEncryption result;
  result.kms_key_id = encryption.kms_key_id;
  switch (encryption.type) {
    case config::Encryption::Type::kNone:
      break;
    case config::Encryption::Type::kSseS3:
      result.type = store::ServerEncryption::Type::kSseS3;
      break;
    case config::Encryption::Type::kSseKms:
      result.type = store::ServerEncryption::Type::kSseKms;
      break;
  }
  return result;
}

const config::StoreOptions& OptionsOf(const config::Config& config, StoreRole role) {
  const bool own = role == StoreRole::kSource && config.source;
  return own ? *config.source : config.destination.options;
}

}  // namespace

store::S3Options StoreOptionsFor(const config::Config& config, StoreRole role,
                                 const runtime::CancelToken& cancel) {
  const bool is_source = role == StoreRole::kSource;
  const config::StoreOptions& from = OptionsOf(config, role);
  store::S3Options options;
  options.region = from.region;
  options.endpoint = from.endpoint;
  options.path_style = from.path_style;
  if (from.ca_bundle) {
    options.ca_bundle = (std::filesystem::path(config.folder) / *from.ca_bundle).string();
  }
  options.expected_bucket_owner = from.expected_bucket_owner;
  options.auth = ToAuth(from.auth);
  if (!is_source) options.encryption = ToEncryption(config.destination.encryption);
  options.cancel = cancel;
  return options;
}

bool TakesFromCatalog(const config::Config& config, StoreRole role) {
  return OptionsOf(config, role).auth.catalog;
}

stores::StoreRegistry::Limits RegistryLimitsFor(const config::Limits& limits) {
  /// Of `limits.memory`: enough parts under way to keep a connection busy, and no more than keep many busy.
  constexpr int64_t kShare = 16;
  constexpr int64_t kFewest = int64_t{16} << 20;
  constexpr int64_t kMost = int64_t{128} << 20;
  stores::StoreRegistry::Limits result;
  result.connections = limits.connections;
  result.upload_bytes = std::clamp(limits.memory_bytes / kShare, kFewest, kMost);
  return result;
}

}  // namespace sluice::exporter
