#include "sluice/exporter/late_rows.h"

#include <utility>

#include "sluice/plan/append_task.h"

namespace sluice::exporter {

Result<Performed> ExportLateRows(Session& session, const AppendSource& source, int64_t n,
                                 transfer::Progress& progress, RunReport& report) {
  SLUICE_ASSIGN_OR_RETURN(const auto commits, LookAtCommits(session, source.facts));
  if (commits.empty()) return Performed::kDone;
  Performance late;
  late.n = n;
  late.planned = plan::PlanLate(source.facts);
  SLUICE_ASSIGN_OR_RETURN(
      late.task, plan::MakeLateTask(*session.table, late.planned, source.snapshot, commits));
  if (late.task.late.empty()) return Performed::kDone;
  // Counted before a number is taken: commits that only rewrote rows must leave no empty export.
  SLUICE_ASSIGN_OR_RETURN(const int64_t rows,
                          session.mover->CountLate(late.task, session.services->cancel));
  if (rows == 0) return Performed::kDone;
  if (session.table->late_rows == config::LateRows::kReport) {
    report.late_rows += rows;
    report.notes.push_back(fmt::format("{} late rows are not exported (late_rows: report)", rows));
    return Performed::kDone;
  }
  return Perform(session, std::move(late), progress, report);
}

RunReport ReportOn(const Services& services, const config::Table& table, const RunOptions& options,
                   const std::function<Status(transfer::Progress&, RunReport&)>& work) {
  RunReport report;
  report.table = table.table;
  report.name = table.name;
  report.pattern = table.pattern;
  transfer::Progress own_progress;
  transfer::Progress& progress = options.progress != nullptr ? *options.progress : own_progress;
  const int64_t began = services.wall->MonotonicMicros();
  Status status = work(progress, report);
  report.seconds = static_cast<double>(services.wall->MonotonicMicros() - began) / 1e6;
  if (!status) {
    report.status = RunStatus::kFailed;
    report.error = std::move(status).error().Within("table " + table.table);
  } else if (!report.windows.empty()) {
    report.status = RunStatus::kExported;
  }
  return report;
}

}  // namespace sluice::exporter
