#include <algorithm>
#include <utility>

#include "sluice/config/schedule.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/inspect/layout_change.h"
#include "sluice/exporter/inspect/retention.h"
#include "sluice/exporter/inspect/status.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/source/far_ahead.h"
#include "sluice/plan/planned_export.h"

namespace sluice::exporter {
namespace {

WindowReport Describe(const ledger::Manifest& manifest) {
  WindowReport window;
  window.n = manifest.n;
  window.kind = manifest.kind;
  window.start = manifest.start;
  window.end = manifest.end;
  window.rows = manifest.rows;
  window.files = static_cast<int64_t>(manifest.files.size());
  for (const auto& file : manifest.files) window.bytes += file.size;
  return window;
}

/// The newest number that moved the end: late rows, backfills and voids do not.
Status FindLastWindow(Session& session, const ledger::LedgerView& view, StatusReport& report) {
  for (int64_t n = view.newest_decided(); n > 0; --n) {
    std::optional<ledger::Decision> decision;
    if (view.decision && n == view.newest) {
      decision = view.decision;
    } else {
      SLUICE_ASSIGN_OR_RETURN(decision, session.ledger->ReadDecision(n));
    }
    if (!decision) continue;
    if (!report.last_committed) report.last_committed = decision->manifest.committed_at;
    const auto kind = decision->manifest.kind;
    if (kind != ledger::ExportKind::kWindow && !plan::IsWholeTable(kind)) continue;
    report.last_window = Describe(decision->manifest);
    report.exported_version = decision->manifest.source_version;
    return {};
  }
  return {};
}

/// Each stands on a line of its own.
void AddWarning(StatusReport& report, const config::Table& table, const std::string& message,
                const std::string& remedy) {
  if (!report.warning.empty()) report.warning += '\n';
  report.warning += WithName(remedy.empty() ? message : message + "; " + remedy, table.name);
}

/// What keeps the next run from going on as the last one did.
Status AddWarnings(Session& session, const ledger::LedgerView& view, StatusReport& report) {
  const config::Table& table = *session.table;
  const ledger::Position& position = view.position();
  // What a crash left is settled by the next run, which moves the row.
  if (view.manifest && report.unfinished.empty()) {
    SLUICE_ASSIGN_OR_RETURN(const auto behind, FindRowBehind(session, position));
    if (behind) AddWarning(report, table, behind->message, behind->remedy);
  }
  if (view.decision && !view.manifest) {
    const auto allowed = RefuseExcludedColumns(*session.table, *view.decision);
    if (!allowed) AddWarning(report, table, allowed.error().message, allowed.error().remedy);
  }
  if (view.newest == 0) {
    const auto fresh = RequireFreshState(session);
    if (!fresh) AddWarning(report, table, fresh.error().message, fresh.error().remedy);
  }
  for (const auto& change : FindLayoutChanges(view, table)) {
    AddWarning(report, table, change.message, change.remedy);
  }
  return {};
}

Result<std::string> DescribeUnfinished(Session& session, const ledger::LedgerView& view) {
  if (view.newest == 0) return std::string();
  if (view.undecided()) {
    const std::string who = view.heartbeat ? view.heartbeat->runner.ToString()
                            : view.intent  ? view.intent->runner.ToString()
                                           : "an unknown runner";
    const bool alive =
        view.heartbeat && ledger::Judge(*view.heartbeat, session.services->wall->Now(),
                                        session.runner) == ledger::Liveness::kAlive;
    return fmt::format("export {} {} {}", view.newest,
                       alive ? "is being worked on by" : "was begun and left by", who);
  }
  if (!view.manifest) {
    const bool refused = !RefuseExcludedColumns(*session.table, *view.decision);
    return fmt::format("export {} is decided and not yet visible{}", view.newest,
                       refused ? "" : ": the next run finishes it");
  }
  SLUICE_ASSIGN_OR_RETURN(const bool to_follow, StateIsToFollow(session, view));
  if (!to_follow) return std::string();
  return fmt::format(
      "export {} is visible and the state has not followed yet: the next run lets it", view.newest);
}

Status StatusInto(const Services& services, const config::Table& table, StatusReport& report) {
  const Timestamp now = services.clock->Now();
  report.next_run = config::NextRun(table.schedule, now, table.timezone);
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session.ledger->Load());
  SLUICE_ASSIGN_OR_RETURN(report.unfinished, DescribeUnfinished(session, view));
  if (view.newest > 0) SLUICE_RETURN_IF_ERROR(FindLastWindow(session, view, report));
  if (const auto last = ReadLastRun(session)) {
    report.last_run = last->at;
    report.last_error = last->error;
  } else {
    SLUICE_ASSIGN_OR_RETURN(const auto state, session.state->Read(table.table));
    if (const auto* row = state.Find(table.table)) report.last_run = row->last_run_timestamp;
  }
  SLUICE_RETURN_IF_ERROR(AddWarnings(session, view, report));
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  const ledger::Position& position = view.position();
  SLUICE_ASSIGN_OR_RETURN(const auto retention, LookAtRetention(session, NeededAfter(position)));
  report.source_version = retention.latest;
  report.retention_left = retention.left;
  if (const auto* end = std::get_if<Timestamp>(&position.end)) {
    report.lag = std::max(Duration{0}, now - *end);
  } else if (const auto* version = std::get_if<Version>(&position.end)) {
    report.exported_version = *version;
    report.lag = *version >= retention.latest ? Duration{0}
                 : retention.first_needed
                     ? std::optional(std::max(Duration{0}, now - *retention.first_needed))
                     : std::nullopt;
  }
  if (const auto* version = std::get_if<Version>(&position.end)) {
    if (*version > retention.latest) {
      AddWarning(
          report, table,
          fmt::format("version {} is exported, the source's latest is {}: it was replaced or "
                      "restored",
                      version->value, retention.latest.value),
          "begin anew with `sluice run NAME --reseed`");
    }
  }
  if (table.pattern == config::Pattern::kAppend) {
    SLUICE_ASSIGN_OR_RETURN(const auto state, session.state->Read(table.table));
    const auto* row = state.Find(table.table);
    const bool has_row = row != nullptr && row->last_exported_end_time;
    const auto far =
        FindFarAhead(table.name, position.end,
                     has_row ? ledger::Bound(*row->last_exported_end_time) : ledger::Bound(),
                     LatestClock(services));
    if (far) AddWarning(report, table, far->message, far->remedy);
  }
  return {};
}

}  // namespace

StatusReport StatusOf(const Services& services, const config::Table& table) {
  StatusReport report;
  report.table = table.table;
  report.name = table.name;
  report.schedule = table.schedule;
  report.pattern = table.pattern;
  Status status = StatusInto(services, table, report);
  if (!status) report.error = OfTable(std::move(status).error(), table);
  return report;
}

}  // namespace sluice::exporter
