#pragma once

#include <optional>
#include <string>

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/session.h"

/// Finishing what is decided (docs/commit-protocol.md, steps 5 to 7 and "Settling what a crash left").
/// Anyone may do it, any number of times, concurrently.
namespace sluice::exporter {

/// Completes the uploads of `decision`, publishes its manifest and lets the state follow. What can't be
/// completed is rebuilt from the pinned version; where that is gone the number becomes void, which
/// `notes` of the report says. Adds the number to the report's windows iff it became visible here.
///
/// kConflict if the decision holds a column that is excluded now, or the state row stands elsewhere.
Status Settle(Session& session, ledger::Decision decision, bool manifest_exists, RunReport& report);

/// kConflict where the decision holds a column that `exclude` or a shorter list of `columns` keeps in the
/// source today: an older config exported it, and it must not become visible.
Status RefuseExcludedColumns(const Session& session, const ledger::Decision& decision);

/// Why a number comes to nothing.
struct GivenUp {
  std::string
      why;  ///< stands in its manifest, which the partner reads: names no place of the source
  std::string detail;  ///< for the report only; may be empty
};

/// Decides that number n, which nobody decided, comes to nothing. `position` stays as it was. If somebody
/// else decided it meanwhile, nothing is done: Load again.
Status VoidUndecided(Session& session, int64_t n, const ledger::Position& position,
                     const GivenUp& reason, RunReport& report);

/// Gives up a decided number whose manifest is not there yet: its manifest says void, its uploads are
/// aborted, its files deleted. kConflict if it was published meanwhile.
Status VoidDecided(Session& session, const ledger::Decision& decision, const GivenUp& reason,
                   RunReport& report);

}  // namespace sluice::exporter
