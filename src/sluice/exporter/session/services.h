#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/catalog/catalog.h"
#include "sluice/config/config.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/session/catalog_tables.h"
#include "sluice/exporter/session/source_folders.h"
#include "sluice/exporter/session/store_role.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/bucket_settings.h"
#include "sluice/store/location.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/mover.h"

namespace sluice::exporter {

/// What the exporter needs from outside, handed in so that tests and simulations can replace any of
/// it. Shared by the runs of all tables; everything in it is thread-safe.
struct Services {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<SourceFolders> sources;     ///< of `config`
  std::shared_ptr<catalog::Catalog> catalog;  ///< null where the config names none
  std::shared_ptr<CatalogTables> by_name;     ///< of `catalog`; see UseCatalog
  /// The clock of windows and reports; `--now` pins it.
  std::shared_ptr<runtime::Clock> clock;
  /// The machine's clock, never pinned: for heartbeats and clean-up, where real time counts.
  std::shared_ptr<runtime::Clock> wall;
  std::shared_ptr<runtime::Entropy> entropy;
  runtime::CancelToken cancel;
  std::string program;  ///< "sluice 0.1.0"
  /// How many threads one run may use for rows and for completions; 0: as many as are useful.
  int threads = 0;

  /// A store whose requests stop when the token fires: a run hands in its own, not the process's.
  std::function<Result<std::shared_ptr<store::ObjectStore>>(const store::Location&, StoreRole,
                                                            const runtime::CancelToken&)>
      open_store;
  /// The store of a table at a place that the catalog named, reached with the table's own credentials.
  std::function<Result<std::shared_ptr<store::ObjectStore>>(
      const store::Location&, const catalog::CatalogTable&, const runtime::CancelToken&)>
      open_table;
  /// The settings of a bucket, for `check`; empty where there are none.
  std::function<Result<std::shared_ptr<const store::BucketSettings>>(
      const std::string& bucket, StoreRole, const runtime::CancelToken&)>
      open_bucket;
  std::function<std::unique_ptr<transfer::Mover>(const delta::Log& source,
                                                 std::shared_ptr<store::ObjectStore> destination,
                                                 const transfer::TransferLimits& limits)>
      make_mover;
};

/// Gives the services a catalog. After `config`, `sources` and `wall` are set.
void UseCatalog(Services& services, std::shared_ptr<catalog::Catalog> catalog);

/// The real ones. A catalog that cannot be opened says so to whatever asks it: commands that need no source work.
Services MakeServices(std::shared_ptr<const config::Config> config,
                      std::shared_ptr<runtime::Clock> clock, runtime::CancelToken cancel);

}  // namespace sluice::exporter
