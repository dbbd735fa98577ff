#include "sluice/exporter/settle_earlier.h"

#include <utility>

#include "sluice/exporter/commit/reconcile.h"

namespace sluice::exporter {

Result<std::optional<ledger::LedgerView>> SettleEarlier(const CommitContext& context,
                                                        SourceAccess& access,
                                                        const RunOptions& options,
                                                        transfer::Progress& progress,
                                                        ReportBuilder& report) {
  for (int round = 0; round < kRounds; ++round) {
    SLUICE_RETURN_IF_ERROR(context.cancel.Check());
    SLUICE_ASSIGN_OR_RETURN(Reconciled reconciled, Reconcile(context, access, options, progress));
    if (auto* settled = std::get_if<AllSettled>(&reconciled)) {
      return std::optional(std::move(settled->view));
    }
    if (auto* busy = std::get_if<Busy>(&reconciled)) {
      report.AddNote(std::move(busy->note));
      report.SetBusy();
      return std::nullopt;
    }
    SLUICE_RETURN_IF_ERROR(report.AddResumed(std::move(std::get<Progressed>(reconciled).outcome)));
  }
  return Fail(TooManyRounds());
}

Error TooManyRounds() {
  return Error{ErrorKind::kTransient,
               fmt::format("other runners of this table came in between {} times", kRounds),
               {}};
}

}  // namespace sluice::exporter
