#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/exporter/session/services.h"
#include "sluice/prune/prune_decision.h"

namespace sluice::prune {

/// From what age on a thing that belongs to no export counts as left by a process that died.
inline constexpr Duration kAbandonedAge = Hours(24);

struct PruneOptions {
  bool dry_run = false;
  bool replaced_now = false;  ///< without the grace that readers of old manifests are given
};

struct PruneReport {
  std::string table, name;  ///< "" for what belongs to no table
  config::Pattern pattern = config::Pattern::kAppend;
  bool dry_run = false;
  std::vector<PruneAction> removed;  ///< or what would be; up to the error, if there is one
  Foreign foreign;                   ///< left alone
  std::optional<Error> error;
};

/// Removes what exports of `table` left and no manifest names, old snapshots included. May run beside
/// runs of the table and beside itself, and may be repeated after a crash: it holds no promise of its own.
/// Never throws. Different tables may be pruned concurrently.
PruneReport Prune(const exporter::Services& services, const config::Table& table,
                  const PruneOptions& options);

/// Removes what belongs to no table: probes of `check`, temporary files of local stores, uploads to the state
/// table, all older than kAbandonedAge by the machine's clock.
PruneReport PruneLeftovers(const exporter::Services& services, const PruneOptions& options);

}  // namespace sluice::prune
