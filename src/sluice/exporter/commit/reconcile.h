#pragma once

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/run_options.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// What is left to do after one step of settling.
struct Reconciled {
  ledger::LedgerView view;  ///< valid where neither `again` nor `busy`: everything is settled
  bool again = false;       ///< something was settled or given up: look again
  bool busy = false;        ///< another runner lives and works on the newest number
};

/// Before a new number begins, every earlier one must be settled: finishes a decided number, adopts or
/// gives up an undecided one whose runner is gone, waits (RunOptions::wait) for one that lives.
Result<Reconciled> Reconcile(Session& session, const RunOptions& options,
                             transfer::Progress& progress, RunReport& report);

/// Rewrites the published heartbeat; best effort.
void TellAlive(Session& session);

}  // namespace sluice::exporter
