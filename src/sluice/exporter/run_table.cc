#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/exporter/commit/carry_out.h"
#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/commit/reconcile.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/first_run.h"
#include "sluice/exporter/inspect/layout_change.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/report_on.h"
#include "sluice/exporter/snapshot_keep.h"
#include "sluice/exporter/source/append_source.h"
#include "sluice/exporter/source/far_ahead.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/time_limit.h"

namespace sluice::exporter {
namespace {

using ledger::LedgerView;

/// A reseed that this very run found begun and finished is not asked for a second time.
bool WantsReseed(const RunOptions& options, const RunReport& report) {
  return options.reseed &&
         std::none_of(report.windows.begin(), report.windows.end(), [](const auto& window) {
           return window.kind == ledger::ExportKind::kReseed;
         });
}

/// What is new, after everything earlier is settled.
Result<Performed> ExportWhatIsNew(Session& session, const LedgerView& view,
                                  const RunOptions& options, transfer::Progress& progress,
                                  RunReport& report) {
  SourceOptions wanted;
  wanted.at = options.at_version;
  wanted.reseed = WantsReseed(options, report);
  SLUICE_ASSIGN_OR_RETURN(const auto source, LookAtSource(session, view.position(), wanted));
  SLUICE_ASSIGN_OR_RETURN(const PlannedWork work, source->Plan());
  if (!work.exports.empty()) {
    SLUICE_RETURN_IF_ERROR(RequireNotBackfilled(session, view, work.exports));
    SLUICE_RETURN_IF_ERROR(CheckSchemaChange(session, source->facts(), report.notes));
    for (const auto& change : FindLayoutChanges(view, *session.table)) {
      report.notes.push_back(WithName(change.message + "; " + change.remedy, session.name()));
    }
    SLUICE_ASSIGN_OR_RETURN(const Performed performed, CarryOut(session, *source, view.newest,
                                                                work.exports, progress, report));
    if (performed == Performed::kLost) return performed;
  }
  if (work.then) return Fail(*work.then);
  if (const auto* append = dynamic_cast<const AppendSource*>(source.get())) {
    const auto* end = std::get_if<Timestamp>(&append->facts().position.end);
    const auto far = FindFarAhead(session, end == nullptr ? std::nullopt : std::optional(*end),
                                  append->facts().row_end);
    if (far) report.notes.push_back(fmt::format("{}; {}", far->message, far->remedy));
  }
  return Performed::kDone;
}

/// Older snapshots go. Where we may not delete they stay, and the export is whole all the same.
Status DropWhatIsOld(Session& session, RunReport& report) {
  const Status dropped = DropOldSnapshots(session, report);
  if (dropped || dropped.error().kind != ErrorKind::kPermission) return dropped;
  report.notes.push_back(fmt::format("an older snapshot stays, for it could not be removed: {}; {}",
                                     dropped.error().message, dropped.error().remedy));
  return {};
}

/// One try: settle what earlier runs left, then export. Repeats while other runners come in between.
/// `settled`: the newest number that was seen to be settled.
Status RunOnce(Session& session, const RunOptions& options, transfer::Progress& progress,
               RunReport& report, int64_t& settled) {
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
    settled = reconciled.view.newest;
    SLUICE_ASSIGN_OR_RETURN(const Performed performed,
                            ExportWhatIsNew(session, reconciled.view, options, progress, report));
    if (performed == Performed::kDone) {
      if (!report.windows.empty()) settled = std::max(settled, report.windows.back().n);
      return DropWhatIsOld(session, report);
    }
  }
  return Fail(ErrorKind::kTransient, "other runners of this table came in between {} times",
              kRounds);
}

Status RunOneTry(const Services& services, const config::Table& table, const RunOptions& options,
                 transfer::Progress& progress, RunReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  int64_t settled = 0;
  const Status status = RunOnce(session, options, progress, report, settled);
  TellAlive(session);
  if (report.status != RunStatus::kBusy) {
    RecordLastRun(session, status, !report.windows.empty(), settled);
  }
  return status;
}

/// One try within the table's `timeout`.
Status RunWithinTimeout(const Services& services, const config::Table& table,
                        const RunOptions& options, transfer::Progress& progress,
                        RunReport& report) {
  const runtime::TimeLimit limit(services.cancel, table.timeout);
  Services limited = services;
  limited.cancel = limit.token();
  Status status = RunOneTry(limited, table, options, progress, report);
  if (status || status.error().kind != ErrorKind::kCancelled || !limit.expired()) return status;
  return Fail(Error{ErrorKind::kTransient,
                    fmt::format("stopped after {}, its timeout", FormatDuration(*table.timeout)),
                    "raise `timeout`, or set `chunk` so that each number is done sooner"});
}

}  // namespace

RunReport RunTable(const Services& services, const config::Table& table,
                   const RunOptions& options) {
  return ReportOn(services, table, options, [&](transfer::Progress& progress, RunReport& report) {
    for (int attempt = 0;; ++attempt) {
      Status status = RunWithinTimeout(services, table, options, progress, report);
      if (status || !IsRetryable(status.error().kind) || attempt >= table.retries) return status;
      spdlog::warn("{}: {}; trying again in {}", table.name, status.error().message,
                   FormatDuration(table.retry_delay));
      services.wall->SleepFor(table.retry_delay, services.cancel);
    }
  });
}

}  // namespace sluice::exporter
