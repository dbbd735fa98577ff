#pragma once

#include <optional>
#include <string>

#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/session/run_options.h"
#include "sluice/exporter/session/session.h"
#include "sluice/ledger/records.h"

/// Runs that find nothing, by a handful of requests (docs/commit-protocol.md, "A run that finds nothing").
namespace sluice::exporter {

/// What a run saw until it ended well.
struct Outlook {
  Version source;                ///< the version that was looked at, all of which is exported
  std::string source_mark;       ///< Snapshot::commit_mark of it
  ledger::Bound end;             ///< where the exports stand now
  std::optional<Timestamp> due;  ///< when there is something to do although nothing changed
};

/// What is to be noted for the next run once export `settled` is the newest; nullopt where somebody else is at work, or
/// where what was seen is not enough to know that nothing is left to do. Best effort.
std::optional<Standstill> FindStandstill(Session& session, int64_t settled, const Outlook& seen);

/// Whether all that the last run noted is still the same, so that there is nothing to do: what is to be noted again.
/// nullopt otherwise, and after any failure, which a whole run reports. The session's ledger need not have been found.
std::optional<Standstill> StandsStill(Session& session, const RunOptions& options);

}  // namespace sluice::exporter
