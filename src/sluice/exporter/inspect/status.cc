#include <algorithm>
#include <utility>

#include "sluice/config/schedule.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/commit/lost_end.h"
#include "sluice/exporter/commit/owner.h"
#include "sluice/exporter/commit/settle.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/inspect/layout_change.h"
#include "sluice/exporter/inspect/retention.h"
#include "sluice/exporter/inspect/status.h"
#include "sluice/exporter/report/fill_report.h"
#include "sluice/exporter/report/table_error.h"
#include "sluice/exporter/session/session.h"
#include "sluice/exporter/source/far_ahead.h"
#include "sluice/exporter/source/look_at_source.h"
#include "sluice/exporter/source/source_checks.h"
#include "sluice/plan/planned_export.h"

namespace sluice::exporter {
namespace {

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
    report.last_window = Summarize(*decision);
    report.exported_version = decision->manifest.source_version;
    return {};
  }
  return {};
}

/// One per line.
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
    SLUICE_ASSIGN_OR_RETURN(const auto behind, FindRowBehind(session.context(), position));
    if (behind) AddWarning(report, table, behind->message, behind->remedy);
  }
  if (view.decision && !view.manifest) {
    const auto allowed = RefuseExcludedColumns(*session.table, *view.decision);
    if (!allowed) AddWarning(report, table, allowed.error().message, allowed.error().remedy);
  }
  if (view.newest == 0) {
    const auto fresh = RequireFreshState(session.context());
    if (!fresh) AddWarning(report, table, fresh.error().message, fresh.error().remedy);
  }
  for (const auto& change : FindLayoutChanges(view, table)) {
    AddWarning(report, table, change.message, change.remedy);
  }
  return {};
}

Status DescribeUnfinished(Session& session, const ledger::LedgerView& view, StatusReport& report) {
  if (view.newest == 0) return {};
  if (view.undecided()) {
    const Owner owner = FindOwner(session.context(), view);
    const std::string who = owner.runner.host.empty() ? "a run" : owner.runner.ToString();
    const bool alive = owner.alive;
    if (alive) report.running_export = view.newest;
    report.unfinished =
        alive ? fmt::format("{} is working on export {}", who, view.newest)
              : fmt::format("{} left export {} unfinished: the next run finishes or voids it", who,
                            view.newest);
    return {};
  }
  if (!view.manifest) {
    const bool refused = !RefuseExcludedColumns(*session.table, *view.decision);
    report.unfinished = fmt::format("export {} is decided and not yet visible{}", view.newest,
                                    refused ? "" : ": the next run finishes it");
    return {};
  }
  SLUICE_ASSIGN_OR_RETURN(const bool to_follow, StateIsToFollow(session.context(), view));
  if (to_follow) {
    report.unfinished = fmt::format(
        "export {} is visible, but _export_state has not followed: the next run updates it",
        view.newest);
  }
  return {};
}

Status DescribeLastRun(Session& session, StatusReport& report) {
  const config::Table& table = *session.table;
  if (const auto last = ReadLastRun(session.context())) {
    report.last_run = last->at;
    if (last->status == kStopped) {
      report.health = Health::kStopped;
    } else {
      report.last_error = last->error;
    }
  } else {
    SLUICE_ASSIGN_OR_RETURN(const auto state, session.state->Read(table.table));
    if (const auto* row = state.Find(table.table)) report.last_run = row->last_run_timestamp;
  }
  if (report.last_run) {
    report.last_run_ago = std::max(Duration{0}, session.services->clock->Now() - *report.last_run);
  }
  return {};
}

/// How far the export lags behind now, or behind the source's newest version.
std::optional<Duration> LagOf(const StatusReport& report, const ledger::Position& position,
                              const Retention& retention, Timestamp now) {
  if (const auto* end = std::get_if<Timestamp>(&position.end);
      end != nullptr && report.pattern == config::Pattern::kAppend) {
    return std::max(Duration{0}, now - *end);
  }
  if (!report.exported_version) return std::nullopt;
  if (*report.exported_version >= retention.latest) return Duration{0};
  if (!retention.first_needed) return std::nullopt;
  return std::max(Duration{0}, now - *retention.first_needed);
}

/// The error of a schema change with the columns' names, which the note of the last run must not hold.
void NameChangedColumns(Session& session, const ledger::Position& position, StatusReport& report) {
  if (report.last_error.find("'...'") == std::string::npos) return;
  const auto source = LookAtSource(session, position, SourceOptions{});
  if (!source) return;
  const auto changed = CheckSchemaChange(*session.table, (*source)->facts());
  if (!changed) report.last_error = changed.error().message;
}

Status DescribeSource(Session& session, const ledger::Position& position, StatusReport& report) {
  const config::Table& table = *session.table;
  SLUICE_RETURN_IF_ERROR(OpenSource(session));
  if (const auto* version = std::get_if<Version>(&position.end)) report.exported_version = *version;
  const auto needed = table.is_snapshot() ? report.exported_version : NeededAfter(table, position);
  SLUICE_ASSIGN_OR_RETURN(const auto retention, LookAtRetention(session, needed));
  report.source_version = retention.latest;
  report.retention_left = retention.left;
  report.retention_lost = retention.lost;
  report.lag = LagOf(report, position, retention, session.services->clock->Now());
  report.late = report.lag && report.lag->micros - table.delay.micros > report.freshness.micros;
  if (const auto* version = std::get_if<Version>(&position.end);
      version != nullptr && *version > retention.latest) {
    AddWarning(
        report, table,
        fmt::format("version {} is exported, but the source's latest is {}: it was replaced or "
                    "restored",
                    version->value, retention.latest.value),
        "start over with `sluice run NAME --reseed`");
  }
  NameChangedColumns(session, position, report);
  if (!table.is_append()) return {};
  SLUICE_ASSIGN_OR_RETURN(const auto state, session.state->Read(table.table));
  const auto* row = state.Find(table.table);
  const bool has_row = row != nullptr && row->last_exported_end_time;
  const auto far =
      FindFarAhead(table.name, position.end,
                   has_row ? ledger::Bound(*row->last_exported_end_time) : ledger::Bound(),
                   LatestClock(*session.services));
  if (far) AddWarning(report, table, far->message, far->remedy);
  return {};
}

Status StatusInto(const Services& services, const config::Table& table, StatusReport& report) {
  SLUICE_ASSIGN_OR_RETURN(Session session, OpenSession(services, table));
  SLUICE_ASSIGN_OR_RETURN(const ledger::LedgerView view, session.ledger->Load());
  SLUICE_RETURN_IF_ERROR(RequireNoLostEnd(session.context(), view));
  SLUICE_RETURN_IF_ERROR(DescribeUnfinished(session, view, report));
  if (view.newest > 0) SLUICE_RETURN_IF_ERROR(FindLastWindow(session, view, report));
  SLUICE_RETURN_IF_ERROR(DescribeLastRun(session, report));
  SLUICE_RETURN_IF_ERROR(AddWarnings(session, view, report));
  return DescribeSource(session, view.position(), report);
}

Health HealthOf(const StatusReport& report) {
  if (report.error) return Health::kUnknown;
  if (report.running_export) return Health::kRunning;
  if (!report.last_error.empty()) return Health::kFailed;
  if (report.late) return Health::kLate;
  if (report.health == Health::kStopped) return Health::kStopped;
  return report.last_run ? Health::kOk : Health::kNeverRun;
}

}  // namespace

StatusReport StatusOf(const Services& services, const config::Table& table) {
  auto report = FillReport<StatusReport>(table, [&](StatusReport& status) {
    status.freshness = config::FreshnessOf(table);
    return StatusInto(services, table, status);
  });
  report.health = HealthOf(report);
  return report;
}

}  // namespace sluice::exporter
