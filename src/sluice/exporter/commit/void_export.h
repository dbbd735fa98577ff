#pragma once

#include <string>

#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/session/commit_context.h"

namespace sluice::exporter {

/// Why an export is voided.
struct VoidReason {
  /// Stands in its manifest, which the partner reads: names no place of the source.
  std::string why;
  std::string detail;  ///< for the report only; may be empty
};

/// Decides that export n, which nobody decided, is void. `position` stays as it was. Lost if somebody else
/// decided it meanwhile.
Result<Outcome> VoidUndecided(const CommitContext& context, int64_t n,
                              const ledger::Position& position, const VoidReason& reason);

/// Voids a decided export whose manifest is not there yet: its manifest says void, its uploads are aborted,
/// its files deleted. kConflict if it was published meanwhile.
Result<Outcome> VoidDecided(const CommitContext& context, const ledger::Decision& decision,
                            const VoidReason& reason);

}  // namespace sluice::exporter
