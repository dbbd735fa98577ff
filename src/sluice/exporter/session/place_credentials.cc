#include "sluice/exporter/session/place_credentials.h"

#include <utility>

#include "sluice/exporter/session/store_options.h"

namespace sluice::exporter {

using store::Location;

PlaceCredentials::PlaceCredentials(std::shared_ptr<const config::Config> config,
                                   std::shared_ptr<catalog::Catalog> catalog)
    : config_(std::move(config)), catalog_(std::move(catalog)) {}

Location PlaceCredentials::RootOf(const Location& at, StoreRole role) const {
  if (role == StoreRole::kSource) return at;
  const auto destination = store::ParseLocation(config_->destination.url, config_->folder);
  if (destination && store::Contains(*destination, at)) return *destination;
  if (role == StoreRole::kDestination || config_->state.empty()) return at;
  // The ledger lies beside the state.
  const auto state = store::ParseLocation(config_->state, config_->folder);
  const auto beside = state ? state->Parent() : Result<Location>(at);
  return beside && store::Contains(*beside, at) ? *beside : at;
}

std::shared_ptr<aws::CredentialsSource> PlaceCredentials::ForBucket(const std::string& bucket,
                                                                    StoreRole role) {
  for (const std::string& url : {config_->destination.url, config_->state}) {
    if (url.empty()) continue;
    const auto at = store::ParseLocation(url, config_->folder);
    if (at && at->bucket == bucket) return For(*at, role);
  }
  return For(Location{Location::Scheme::kS3, bucket, ""}, role);
}

std::shared_ptr<aws::CredentialsSource> PlaceCredentials::For(const Location& at, StoreRole role) {
  const bool local = at.scheme == Location::Scheme::kLocal;
  if (local || !catalog_ || !TakesFromCatalog(*config_, role)) return nullptr;
  const Location root = RootOf(at, role);
  const auto access =
      role == StoreRole::kSource ? catalog::PathAccess::kRead : catalog::PathAccess::kReadWrite;
  const std::string key = (access == catalog::PathAccess::kRead ? "r " : "w ") + root.ToString();
  const MutexLock lock(mutex_);
  auto& source = sources_[key];
  if (!source) source = catalog_->PathCredentials(root.ToString(), access);
  return source;
}

}  // namespace sluice::exporter
