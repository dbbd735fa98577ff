#include "sluice/exporter/commit/carry_out.h"

#include <optional>
#include <utility>

#include "sluice/base/human_text.h"
#include "sluice/exporter/commit/perform.h"
#include "sluice/exporter/commit/state_standing.h"
#include "sluice/exporter/source/late_sources.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;

Result<int64_t> CountLate(const CommitContext& context, transfer::Mover& mover,
                          const plan::ExportTask& task, const ledger::Position& position) {
  auto counted = mover.CountLate(task, context.cancel);
  if (counted) return counted;
  Error error = std::move(counted).error();
  const bool has_way_out = error.kind == ErrorKind::kSourceGone ||
                           error.kind == ErrorKind::kCorrupt ||
                           error.kind == ErrorKind::kUnsupported;
  return Fail(has_way_out ? WithLateRemedy(context.name(), position, std::move(error))
                          : std::move(error));
}

/// Windows and backfills of one run share a source version, and with it the rows without a watermark.
bool CountsNulls(ExportKind kind) {
  return kind == ExportKind::kWindow || kind == ExportKind::kBackfill;
}

/// Carries out one export after the other.
class Carrier {
 public:
  Carrier(const CommitContext& context, SourceAccess& access, PatternSource& source, int64_t newest,
          transfer::Progress& progress)
      : context_(context), access_(access), source_(source), newest_(newest), progress_(progress) {}

  Status Carry(const plan::PlannedExport& planned) {
    SLUICE_ASSIGN_OR_RETURN(Job job, Prepare(planned));
    if (planned.kind() == ExportKind::kLate) {
      SLUICE_ASSIGN_OR_RETURN(const int64_t rows,
                              CountLate(context_, access_.mover(), *job.task, planned.position));
      if (rows == 0) return {};
      if (context_.table.late_rows == config::LateRows::kReport) {
        done.late_rows += rows;
        done.notes.push_back(fmt::format("{} came late and {} not exported (late_rows: report)",
                                         Plural(rows, "row"), rows == 1 ? "is" : "are"));
        return {};
      }
    }
    SLUICE_ASSIGN_OR_RETURN(Outcome outcome, Perform(context_, access_, std::move(job), progress_));
    done.lost = !outcome.is_visible();
    if (!done.lost) ++newest_;
    if (CountsNulls(planned.kind()) && outcome.published() != nullptr) {
      null_watermarks_ = outcome.published()->null_watermarks;
      unreadable_watermarks_ = outcome.published()->unreadable_watermarks;
    }
    Status then = std::move(outcome.then);
    done.outcomes.push_back(std::move(outcome));
    return then;
  }

  CarriedOut done;

 private:
  Result<Job> Prepare(const plan::PlannedExport& planned) {
    Job job;
    job.n = newest_ + 1;
    job.planned = planned;
    if (planned.is_reset()) return job;
    SLUICE_ASSIGN_OR_RETURN(job.task, source_.MakeTask(planned));
    if (planned.kind() != ExportKind::kLate) {
      for (const plan::SourceFile* file : plan::FilesToExport(*job.task)) {
        progress_.rows_expected += file->rows.value_or(0);
      }
    }
    auto* window = std::get_if<plan::WindowRead>(&job.task->read);
    if (window != nullptr && null_watermarks_) {
      job.null_watermarks = null_watermarks_;
      job.unreadable_watermarks = unreadable_watermarks_;
      window->count_nulls.clear();
    }
    return job;
  }

  const CommitContext& context_;
  SourceAccess& access_;
  PatternSource& source_;
  int64_t newest_;
  transfer::Progress& progress_;
  std::optional<int64_t> null_watermarks_, unreadable_watermarks_;
};

}  // namespace

CarriedOut CarryOut(const CommitContext& context, SourceAccess& access, PatternSource& source,
                    int64_t newest, const std::vector<plan::PlannedExport>& exports,
                    transfer::Progress& progress) {
  Carrier carrier(context, access, source, newest, progress);
  if (!exports.empty()) carrier.done.then = RequireStateWritable(context);
  for (const auto& planned : exports) {
    if (!carrier.done.then || carrier.done.lost) break;
    carrier.done.then = carrier.Carry(planned);
  }
  return std::move(carrier.done);
}

}  // namespace sluice::exporter
