#pragma once

#include <map>
#include <memory>
#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/base/mutex.h"
#include "sluice/catalog/catalog.h"
#include "sluice/config/config.h"
#include "sluice/exporter/session/store_role.h"
#include "sluice/store/location.h"

namespace sluice::exporter {

/// Credentials for the places of a config that are reached with what the catalog gives for them
/// (`auth: {catalog: true}`): one source for the destination and what lies in it, one for a state that lies elsewhere,
/// with its ledger, and one for the path of each source. Thread-safe.
class PlaceCredentials {
 public:
  /// `catalog` may be null where the config names none.
  PlaceCredentials(std::shared_ptr<const config::Config> config,
                   std::shared_ptr<catalog::Catalog> catalog);

  /// nullptr where the config says otherwise, and for local folders.
  std::shared_ptr<aws::CredentialsSource> For(const store::Location& at, StoreRole role);
  /// Those of the place that the config names in `bucket`, to ask about the bucket itself.
  std::shared_ptr<aws::CredentialsSource> ForBucket(const std::string& bucket, StoreRole role);

 private:
  /// The place that credentials are asked for: as high as the config allows, so that few are.
  store::Location RootOf(const store::Location& at, StoreRole role) const;

  const std::shared_ptr<const config::Config> config_;
  const std::shared_ptr<catalog::Catalog> catalog_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<aws::CredentialsSource>> sources_
      SLUICE_GUARDED_BY(mutex_);  ///< by place and right
};

}  // namespace sluice::exporter
