#pragma once

#include <functional>
#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/exporter/session/source_folders.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/bucket_settings.h"
#include "sluice/store/location.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/mover.h"

namespace sluice::exporter {

/// What a location is to an export: each may be reached with other credentials and options.
enum class StoreRole { kSource, kDestination, kState };

/// What the exporter needs from outside, handed in so that tests and simulations can replace any of
/// it. Shared by the runs of all tables; everything in it is thread-safe.
struct Services {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const SourceFolders> sources;  ///< of `config`
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
  /// The settings of a bucket, for `check`; empty where there are none.
  std::function<Result<std::shared_ptr<const store::BucketSettings>>(
      const std::string& bucket, StoreRole, const runtime::CancelToken&)>
      open_bucket;
  std::function<std::unique_ptr<transfer::Mover>(std::shared_ptr<store::ObjectStore> source,
                                                 std::shared_ptr<store::ObjectStore> destination,
                                                 const transfer::TransferLimits& limits)>
      make_mover;
};

/// The real ones.
Services MakeServices(std::shared_ptr<const config::Config> config,
                      std::shared_ptr<runtime::Clock> clock, runtime::CancelToken cancel);

}  // namespace sluice::exporter
