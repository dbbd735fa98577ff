#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/base/human_text.h"
#include "sluice/exporter/commit/carry_out.h"
#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/commit/reconcile.h"
#include "sluice/exporter/exporter.h"
#include "sluice/exporter/first_run.h"
#include "sluice/exporter/inspect/layout_change.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/report_builder.h"
#include "sluice/exporter/settle_earlier.h"
#include "sluice/exporter/snapshot_keep.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/exporter/source/source_checks.h"
#include "sluice/exporter/standstill.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/time_limit.h"

namespace sluice::exporter {
namespace {

using ledger::LedgerView;

/// A reseed that this very run found begun and finished is not asked for a second time.
bool WantsReseed(const RunOptions& options, const ReportBuilder& report) {
  return options.reseed &&
         std::none_of(report.windows().begin(), report.windows().end(), [](const auto& window) {
           return window.kind == ledger::ExportKind::kReseed;
         });
}

void LogPlan(const Session& session, const delta::Snapshot& snapshot, const PlannedWork& work) {
  spdlog::debug("{}: the source is at version {}: {}, {}", session.name(), snapshot.version.value,
                Plural(snapshot.num_files, "file"), HumanBytes(snapshot.total_bytes));
  if (work.exports.empty()) spdlog::debug("{}: nothing new", session.name());
  for (const auto& planned : work.exports) {
    spdlog::debug("{}: plans {} after {} through {}", session.name(), ledger::Name(planned.kind()),
                  ledger::ToText(planned.start), ledger::ToText(planned.end));
  }
}

/// How far a run came. Together the last two say what the next one may take for granted.
struct Seen {
  int64_t settled = 0;             ///< the newest export that was seen to be settled
  std::optional<Outlook> outlook;  ///< nullopt: the next run has to look at everything
};

/// What is new, after everything earlier is settled. False where another runner came first: look again.
Result<bool> ExportWhatIsNew(Session& session, const LedgerView& view, const RunOptions& options,
                             transfer::Progress& progress, ReportBuilder& report, Seen& seen) {
  SourceOptions wanted;
  wanted.at = options.at_version;
  wanted.reseed = WantsReseed(options, report);
  wanted.only_new = true;
  SessionSource access(session);
  SLUICE_ASSIGN_OR_RETURN(const auto source, access.Look(view.position(), wanted));
  SLUICE_ASSIGN_OR_RETURN(const PlannedWork work, source->Plan());
  LogPlan(session, source->snapshot(), work);
  if (!work.exports.empty()) {
    SLUICE_ASSIGN_OR_RETURN(auto doubles, CheckFirstRun(session, view, work.exports));
    for (const auto& note : doubles) spdlog::warn("{}: {}", session.name(), note);
    report.AddNotes(std::move(doubles));
    SLUICE_ASSIGN_OR_RETURN(auto changes, CheckSchemaChange(*session.table, source->facts()));
    report.AddNotes(std::move(changes));
    for (const auto& change : FindLayoutChanges(view, *session.table)) {
      report.AddNote(WithName(change.message + "; " + change.remedy, session.name()));
    }
    CarriedOut carried_out =
        CarryOut(session.context(), access, *source, view.newest, work.exports, progress);
    const bool lost = carried_out.lost;
    SLUICE_RETURN_IF_ERROR(report.Add(std::move(carried_out)));
    if (lost) return false;
  }
  report.AddNotes(work.notes);
  if (work.then) return Fail(*work.then);
  // A run by hand of an older version has not seen what came after it, and notes are to be told again.
  if (options.at_version || !work.notes.empty()) return true;
  const delta::Snapshot& snapshot = source->snapshot();
  seen.outlook = Outlook{
      snapshot.version, snapshot.commit_mark,
      work.exports.empty() ? view.position().end : work.exports.back().position.end, std::nullopt};
  return true;
}

/// Older snapshots go. Where we may not delete they stay, and the export is whole all the same.
Status DropWhatIsOld(Session& session, ReportBuilder& report, Seen& seen) {
  DroppedSnapshots dropped = DropOldSnapshots(session);
  if (seen.outlook) seen.outlook->due = dropped.next;
  for (const auto& snapshot : dropped.dropped) {
    report.AddNote(fmt::format("snapshot {} of {} was removed (keep: {})", snapshot.n,
                               ledger::ToText(snapshot.end), session.table->snapshot().keep));
  }
  const Status& then = dropped.then;
  if (then || then.error().kind != ErrorKind::kPermission) return then;
  seen.outlook.reset();
  report.AddNote(fmt::format("an older snapshot stays, because it could not be removed: {}; {}",
                             then.error().message, then.error().remedy));
  return {};
}

/// One try: settle what earlier runs left, then export. Repeats while other runners come in between.
Status RunOnce(Session& session, const RunOptions& options, transfer::Progress& progress,
               ReportBuilder& report, Seen& seen) {
  SessionSource access(session);
  for (int round = 0; round < kRounds; ++round) {
    SLUICE_ASSIGN_OR_RETURN(const auto view,
                            SettleEarlier(session.context(), access, options, progress, report));
    if (!view) return {};
    seen.settled = view->newest;
    SLUICE_ASSIGN_OR_RETURN(const bool done,
                            ExportWhatIsNew(session, *view, options, progress, report, seen));
    if (!done) continue;
    if (!report.windows().empty()) {
      seen.settled = std::max(seen.settled, report.windows().back().n);
    }
    return DropWhatIsOld(session, report, seen);
  }
  return Fail(TooManyRounds());
}

std::string_view EndedAs(const Status& status, const ReportBuilder& report) {
  if (!status) {
    return status.error().kind == ErrorKind::kCancelled ? kStopped : Name(RunStatus::kFailed);
  }
  return Name(report.windows().empty() ? RunStatus::kNothingNew : RunStatus::kExported);
}

/// The catalog did not say where the source lies. Nothing may be written before it did, except where earlier runs
/// wrote: then `status` is to show why this one failed.
void NoteUnfound(Session& session, const ReportBuilder& report, const Status& found) {
  if (found.error().kind == ErrorKind::kConfig || !OpenLedger(session)) return;
  const auto view = session.ledger->Load();
  if (!view || view->newest == 0) return;
  PublishHeartbeat(session.context());
  RecordLastRun(session.context(), EndedAs(found, report), found, 0);
}

Status RunOneTry(const Services& services, const config::Table& table, const RunOptions& options,
                 transfer::Progress& progress, ReportBuilder& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenStores(services, table));
  if (const Status found = FindSource(session); !found) {
    NoteUnfound(session, report, found);
    return found;
  }
  if (const auto still = StandsStill(session, options)) {
    spdlog::debug("{}: nothing changed since the last run", session.name());
    PublishHeartbeat(session.context(), still->n);
    RecordLastRun(session.context(), EndedAs({}, report), {}, still->n, still);
    return {};
  }
  SLUICE_RETURN_IF_ERROR(OpenLedger(session));
  Seen seen;
  const Status status = RunOnce(session, options, progress, report, seen);
  if (!status || report.is_busy()) {
    PublishHeartbeat(session.context());
  } else {
    PublishHeartbeat(session.context(), seen.settled);
  }
  if (report.is_busy()) return status;
  const auto still =
      status && seen.outlook ? FindStandstill(session, seen.settled, *seen.outlook) : std::nullopt;
  RecordLastRun(session.context(), EndedAs(status, report), status, seen.settled, still);
  return status;
}

/// One try within the table's `timeout`.
Status RunWithinTimeout(const Services& services, const config::Table& table,
                        const RunOptions& options, transfer::Progress& progress,
                        ReportBuilder& report) {
  const runtime::TimeLimit limit(services.cancel, table.timeout);
  Services limited = services;
  limited.cancel = limit.token();
  Status status = RunOneTry(limited, table, options, progress, report);
  if (status || !limit.expired()) return status;
  const Error& error = status.error();
  std::string message =
      fmt::format("stopped after {}, its timeout", FormatDuration(*table.timeout));
  // What was still asked of a store then got no answer.
  if (error.kind == ErrorKind::kTransient) {
    message += ": " + error.message;
  } else if (error.kind != ErrorKind::kCancelled) {
    return status;
  }
  const Status failed =
      Fail(Error{ErrorKind::kTransient, std::move(message),
                 "raise `timeout`, or set `chunk` so that each export is done sooner"});
  // The run itself noted that it was stopped, if its stores, which stopped with it, still let it. A server that
  // does not answer gets no second timeout.
  constexpr Duration kForTheNote = Seconds(2);
  const runtime::TimeLimit brief(services.cancel, kForTheNote);
  Services noting = services;
  noting.cancel = brief.token();
  const auto session = OpenSession(noting, table);
  if (session) RecordLastRun(session->context(), Name(RunStatus::kFailed), failed, 0);
  return failed;
}

}  // namespace

RunReport RunTable(const Services& services, const config::Table& table,
                   const RunOptions& options) {
  return ReportOn(services, table, options,
                  [&](transfer::Progress& progress, ReportBuilder& report) {
                    for (int attempt = 0;; ++attempt) {
                      Status status = RunWithinTimeout(services, table, options, progress, report);
                      if (status || !IsRetryable(status.error().kind) || attempt >= table.retries)
                        return status;
                      spdlog::warn("{}: {}; trying again in {}", table.name, status.error().message,
                                   FormatDuration(table.retry_delay));
                      services.wall->SleepFor(table.retry_delay, services.cancel);
                    }
                  });
}

}  // namespace sluice::exporter
