#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/session/run_options.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/transfer/progress.h"

namespace sluice::exporter {

/// Every export is settled: the next one may begin.
struct AllSettled {
  ledger::LedgerView view;
};
/// What an earlier run left was settled, adopted or voided: look again.
struct Progressed {
  Outcome outcome;
};
/// Another runner is alive and works on the newest export.
struct Busy {
  std::string note;
};
using Reconciled = std::variant<AllSettled, Progressed, Busy>;

/// One step towards a settled ledger: finishes a decided export, adopts or voids an undecided one whose
/// runner is gone, waits (RunOptions::wait) for one that lives.
Result<Reconciled> Reconcile(const CommitContext& context, SourceAccess& access,
                             const RunOptions& options, transfer::Progress& progress);

/// Rewrites the published heartbeat; best effort. `settled`: the newest export that is; where nobody knows, the
/// ledger is asked.
void PublishHeartbeat(const CommitContext& context, std::optional<int64_t> settled = {});

}  // namespace sluice::exporter
