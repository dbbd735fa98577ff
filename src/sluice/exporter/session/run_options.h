#pragma once

#include <optional>

#include "sluice/base/types.h"
#include "sluice/transfer/progress.h"

namespace sluice::exporter {

struct RunOptions {
  std::optional<Version> at_version;  ///< read the source as of this version
  std::optional<Duration> wait;       ///< how long to wait for another runner before saying busy
  bool reseed = false;                ///< cdc: start again from a snapshot
  transfer::Progress* progress = nullptr;  ///< optional, outlives the run
};

}  // namespace sluice::exporter
