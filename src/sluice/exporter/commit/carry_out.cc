#include "sluice/exporter/commit/carry_out.h"

#include <utility>

#include "sluice/base/human_text.h"
#include "sluice/exporter/source/late_sources.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;

/// False where there is nothing to export: no row, or `late_rows: report`.
Result<bool> WantsNumber(Session& session, const plan::ExportTask& task,
                         const ledger::Position& position, RunReport& report) {
  const auto counted = session.mover->CountLate(task, session.services->cancel);
  if (!counted) {
    Error error = counted.error();
    const bool has_way_out = error.kind == ErrorKind::kSourceGone ||
                             error.kind == ErrorKind::kCorrupt ||
                             error.kind == ErrorKind::kUnsupported;
    return Fail(has_way_out ? WithLateRemedy(session, position, std::move(error))
                            : std::move(error));
  }
  const int64_t rows = *counted;
  if (rows == 0) return false;
  if (session.table->late_rows != config::LateRows::kReport) return true;
  report.late_rows += rows;
  report.notes.push_back(fmt::format("{} came late and {} not exported (late_rows: report)",
                                     Plural(rows, "row"), rows == 1 ? "is" : "are"));
  return false;
}

/// Windows and backfills of one run share a source version, and with it the rows without a watermark.
bool CountsNulls(ExportKind kind) {
  return kind == ExportKind::kWindow || kind == ExportKind::kBackfill;
}

}  // namespace

Result<Performed> CarryOut(Session& session, PatternSource& source, int64_t newest,
                           const std::vector<plan::PlannedExport>& exports,
                           transfer::Progress& progress, RunReport& report) {
  if (!exports.empty() && KeepsState(session)) {
    SLUICE_RETURN_IF_ERROR(session.state->RequireWritable());
  }
  std::optional<int64_t> null_watermarks;
  for (const auto& planned : exports) {
    Performance next;
    next.planned = planned;
    SLUICE_ASSIGN_OR_RETURN(next.task, source.MakeTask(planned));
    if (planned.kind == ExportKind::kLate) {
      SLUICE_ASSIGN_OR_RETURN(const bool wanted,
                              WantsNumber(session, next.task, planned.position, report));
      if (!wanted) continue;
    }
    next.n = newest + 1;
    for (const auto& file : next.task.files) progress.rows_expected += file.rows.value_or(0);
    if (CountsNulls(planned.kind) && null_watermarks) {
      next.null_watermarks = null_watermarks;
      next.task.count_nulls.clear();
    }
    SLUICE_ASSIGN_OR_RETURN(const Performed performed,
                            Perform(session, std::move(next), progress, report));
    if (performed == Performed::kLost) return performed;
    ++newest;
    if (CountsNulls(planned.kind)) null_watermarks = report.null_watermarks;
  }
  return Performed::kDone;
}

}  // namespace sluice::exporter
