#include "sluice/exporter/source/append_source.h"

#include <algorithm>
#include <utility>

#include "sluice/delta/schema/schema.h"
#include "sluice/exporter/source/added_again.h"
#include "sluice/exporter/source/far_ahead.h"
#include "sluice/exporter/source/late_sources.h"
#include "sluice/plan/append_task.h"
#include "sluice/plan/column_choice.h"

namespace sluice::exporter {

using ledger::ExportKind;

namespace {

/// Leaves out the files that no window of this run can have rows of.
Status LeaveOutOld(const Session& session, const ledger::Position& position,
                   delta::SnapshotOptions& wanted) {
  const config::Table& table = *session.table;
  ledger::Bound row;
  if (std::holds_alternative<std::monostate>(position.end)) {
    SLUICE_ASSIGN_OR_RETURN(const state::StateView state, session.state->Read(table.table));
    const state::StateRow* found = state.Find(table.table);
    if (found != nullptr && found->last_exported_end_time) row = *found->last_exported_end_time;
  }
  const auto start = plan::EarliestStart(table, position, row, session.services->clock->Now());
  if (!start) return {};
  wanted.leave_out = [zone = table.timezone, start = *start](const delta::Field& watermark,
                                                             const delta::StatisticValue& max) {
    return plan::EndsBy(watermark, max, zone, start);
  };
  return {};
}

}  // namespace

Result<std::unique_ptr<AppendSource>> AppendSource::Look(Session& session,
                                                         const ledger::Position& position,
                                                         const SourceOptions& options) {
  const config::Table& table = *session.table;
  std::unique_ptr<AppendSource> source(new AppendSource(session));
  delta::SnapshotOptions wanted;
  wanted.stats_columns = {table.append().watermark};
  wanted.zone = table.timezone;
  if (options.only_new) SLUICE_RETURN_IF_ERROR(LeaveOutOld(session, position, wanted));
  SLUICE_RETURN_IF_ERROR(source->Pin(position, options, wanted));
  SLUICE_RETURN_IF_ERROR(plan::FindWatermark(table, source->snapshot_.metadata.schema));
  return source;
}

Result<PlannedWork> AppendSource::Plan() {
  PlannedWork work;
  const auto far = FindFarAhead(session_.name(), facts_.position.end, facts_.row,
                                LatestClock(*session_.services));
  if (far) work.notes.push_back(fmt::format("{}; {}", far->message, far->remedy));
  SLUICE_ASSIGN_OR_RETURN(work.exports, plan::PlanWindows(*session_.table, facts_));
  if (work.exports.empty()) return work;
  if (const auto* end = std::get_if<Timestamp>(&work.exports.back().end)) {
    SLUICE_RETURN_IF_ERROR(RequireClockNotAhead(session_, *end));
  }
  SLUICE_ASSIGN_OR_RETURN(auto late, PlanBeforeRange());
  if (late) work.exports.insert(work.exports.begin(), *std::move(late));
  return work;
}

Result<std::optional<plan::PlannedExport>> AppendSource::PlanBeforeRange() {
  SLUICE_ASSIGN_OR_RETURN(auto commits, ReadCommits());
  if (commits.empty()) return std::nullopt;
  plan::PlannedExport late = plan::PlanLate(facts_);
  SLUICE_ASSIGN_OR_RETURN(const auto task, MakeLate(late, commits));
  const auto& late_commits = std::get<plan::LateRead>(task.read).commits;
  if (late_commits.empty()) return std::nullopt;
  SLUICE_RETURN_IF_ERROR(
      RequireLateSources(session_, facts_.position, snapshot_, commits, late_commits));
  return std::optional(std::move(late));
}

Result<std::vector<delta::Commit>> AppendSource::ReadCommits() const {
  const ledger::Position& position = facts_.position;
  const bool nothing_exported = std::holds_alternative<std::monostate>(position.end);
  if (session_.table->late_rows == config::LateRows::kIgnore || nothing_exported ||
      !position.scanned_through) {
    return std::vector<delta::Commit>{};
  }
  auto commits = session_.log->ReadCommits(*position.scanned_through, facts_.source_version);
  if (!commits && commits.error().kind == ErrorKind::kSourceGone) {
    Error error = std::move(commits).error();
    error.message += "; rows that these commits added late can't be found any more";
    error.remedy =
        "set late_rows: ignore for one run to go on without them, then `sluice backfill` the "
        "range that may lack rows";
    return Fail(std::move(error));
  }
  return commits;
}

Result<plan::PlannedExport> AppendSource::PlanAgain(const ledger::Intent& intent) {
  return plan::PlanFromIntent(*session_.table, intent, facts_);
}

Result<plan::ExportTask> AppendSource::MakeTask(const plan::PlannedExport& planned) {
  if (planned.kind() != ExportKind::kLate) {
    return plan::MakeWindowTask(*session_.table, planned, snapshot_);
  }
  SLUICE_ASSIGN_OR_RETURN(auto commits, ReadCommits());
  return MakeLate(planned, commits);
}

Result<plan::ExportTask> AppendSource::MakeLate(const plan::PlannedExport& late,
                                                std::vector<delta::Commit>& commits) const {
  auto task = plan::MakeLateTask(*session_.table, late, snapshot_, commits);
  if (!task || std::get<plan::LateRead>(task->read).commits.empty()) return task;
  SLUICE_ASSIGN_OR_RETURN(const bool changed,
                          LeaveOutAddedAgain(session_, *facts_.position.scanned_through, commits));
  return changed ? plan::MakeLateTask(*session_.table, late, snapshot_, commits) : std::move(task);
}

Result<int64_t> AppendSource::RangeLimit() {
  return plan::BackfillLimit(*session_.table, facts_).micros;
}

Result<std::vector<plan::PlannedExport>> AppendSource::PlanRange(
    const plan::Range& range, std::optional<int64_t> chunk,
    const std::vector<plan::ReplacedExport>& replaced) {
  std::vector<plan::Replaced> old;
  for (const auto& [n, rows] : replaced) {
    old.push_back({n, Timestamp{rows.to}, Timestamp{rows.from}});
  }
  return plan::PlanBackfill(*session_.table, facts_, Timestamp{range.from}, Timestamp{range.to},
                            chunk ? std::optional(Duration{*chunk}) : std::nullopt, old);
}

}  // namespace sluice::exporter
