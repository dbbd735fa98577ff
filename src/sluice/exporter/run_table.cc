#include <algorithm>
#include <utility>

#include "sluice/exporter/adopt.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/facts.h"
#include "sluice/exporter/last_run.h"
#include "sluice/exporter/late_rows.h"
#include "sluice/exporter/perform.h"
#include "sluice/exporter/reconcile.h"
#include "sluice/exporter/settle.h"
#include "sluice/plan/append_task.h"
#include "sluice/runtime/log.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ledger::LedgerView;

/// The windows of this run, one number each.
Result<Performed> ExportWindows(Session& session, const AppendSource& source,
                                const std::vector<plan::PlannedExport>& windows,
                                transfer::Progress& progress, RunReport& report) {
  std::optional<int64_t> null_watermarks;
  for (const auto& planned : windows) {
    SLUICE_ASSIGN_OR_RETURN(const LedgerView view, session.ledger->Load());
    if (view.undecided()) return Performed::kLost;
    Performance window;
    window.n = view.newest + 1;
    window.planned = planned;
    SLUICE_ASSIGN_OR_RETURN(window.task,
                            plan::MakeWindowTask(*session.table, planned, source.snapshot));
    for (const auto& file : window.task.files) progress.rows_expected += file.rows.value_or(0);
    const bool has_rows = planned.kind != ExportKind::kReset;
    if (has_rows && null_watermarks) {
      window.null_watermarks = null_watermarks;
      window.task.count_nulls.clear();
    }
    SLUICE_ASSIGN_OR_RETURN(const Performed performed,
                            Perform(session, std::move(window), progress, report));
    if (performed == Performed::kLost) return performed;
    if (has_rows) null_watermarks = report.null_watermarks;
  }
  return Performed::kDone;
}

/// What is new, after everything earlier is settled.
Result<Performed> ExportWhatIsNew(Session& session, const LedgerView& view,
                                  const RunOptions& options, transfer::Progress& progress,
                                  RunReport& report) {
  SLUICE_ASSIGN_OR_RETURN(const AppendSource source,
                          LookAtSource(session, view.position(), options.at_version));
  SLUICE_ASSIGN_OR_RETURN(const auto windows, plan::PlanWindows(*session.table, source.facts));
  if (windows.empty()) return Performed::kDone;
  SLUICE_RETURN_IF_ERROR(CheckSchemaChange(session, source.facts, report.notes));
  SLUICE_ASSIGN_OR_RETURN(const Performed late,
                          ExportLateRows(session, source, view.newest + 1, progress, report));
  if (late == Performed::kLost) return late;
  return ExportWindows(session, source, windows, progress, report);
}

/// One try: settle what earlier runs left, then export. Repeats while other runners come in between.
Status RunOnce(Session& session, const RunOptions& options, transfer::Progress& progress,
               RunReport& report) {
  constexpr int kRounds = 64;
  for (int round = 0; round < kRounds; ++round) {
    SLUICE_RETURN_IF_ERROR(session.services->cancel.Check());
    SLUICE_ASSIGN_OR_RETURN(const Reconciled reconciled,
                            Reconcile(session, options, progress, report));
    if (reconciled.busy) {
      if (report.windows.empty()) report.status = RunStatus::kBusy;
      return {};
    }
    if (reconciled.again) continue;
    SLUICE_ASSIGN_OR_RETURN(const Performed performed,
                            ExportWhatIsNew(session, reconciled.view, options, progress, report));
    if (performed == Performed::kDone) return {};
  }
  return Fail(ErrorKind::kTransient, "other runners of this table came in between {} times",
              kRounds);
}

Status RunAppend(const Services& services, const config::Table& table, const RunOptions& options,
                 transfer::Progress& progress, RunReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  const Status status = RunOnce(session, options, progress, report);
  TellAlive(session);
  if (report.status != RunStatus::kBusy) {
    RecordLastRun(session, status, !report.windows.empty());
  }
  return status;
}

}  // namespace

RunReport RunTable(const Services& services, const config::Table& table,
                   const RunOptions& options) {
  return ReportOn(services, table, options, [&](transfer::Progress& progress, RunReport& report) {
    for (int attempt = 0;; ++attempt) {
      Status status = RunAppend(services, table, options, progress, report);
      if (status || !IsRetryable(status.error().kind) || attempt >= table.retries) return status;
      spdlog::warn("{}: {}; trying again in {}", table.name, status.error().message,
                   FormatDuration(table.retry_delay));
      services.wall->SleepFor(table.retry_delay, services.cancel);
    }
  });
}

}  // namespace sluice::exporter
