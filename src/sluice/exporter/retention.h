#pragma once

#include <optional>

#include "sluice/exporter/session.h"

namespace sluice::exporter {

/// How long the source still keeps what the next run needs.
struct Retention {
  Version latest;                ///< the source's newest version
  std::optional<Version> first;  ///< the oldest commit that is still there
  /// Until the first commit that was not looked at yet may be cleaned up (delta.logRetentionDuration);
  /// negative where that could happen at any time; nullopt where the table sets no readable duration.
  std::optional<Duration> left;
};

/// `scanned_through`: the last commit that needs no look any more; nullopt before the first export.
Result<Retention> LookAtRetention(Session& session, std::optional<Version> scanned_through);

}  // namespace sluice::exporter
