#pragma once

#include "sluice/exporter/session/commit_context.h"
#include "sluice/ledger/ledger.h"

namespace sluice::exporter {

/// The runner that began the undecided newest export.
struct Owner {
  ledger::Runner runner;
  bool alive = false;  ///< by its heartbeat: a hint that spares work, on which no promise rests
};

/// REQUIRES: view.undecided(). A heartbeat in the future comes from a clock that is ahead: then the time at which
/// the store received it counts.
Owner FindOwner(const CommitContext& context, const ledger::LedgerView& view);

}  // namespace sluice::exporter
