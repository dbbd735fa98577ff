#pragma once

#include <string>

#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// Whether a number that another runner began can be done as it was meant.
struct Adoptable {
  bool yes = false;
  std::string reason;  ///< why not, for the void decision
};

/// Compares an intent with today's config, format and pattern. No I/O.
Adoptable JudgeIntent(const Session& session, const ledger::Intent& intent);

/// Makes the work of `intent` again from its pinned source version: the same window, the same rows.
/// kSourceGone, kNotFound or kConflict where that version can't be read any more.
Result<Performance> PrepareAgain(Session& session, const ledger::Intent& intent);

}  // namespace sluice::exporter
