#include "sluice/exporter/report_builder.h"

#include <iterator>
#include <utility>

#include "sluice/exporter/report/fill_report.h"
#include "sluice/exporter/report/table_error.h"

namespace sluice::exporter {

using ledger::ExportKind;

ReportBuilder::ReportBuilder(const config::Table& table)
    : table_(table), report_(BeginReport<RunReport>(table)) {}

Status ReportBuilder::Add(Outcome outcome) {
  if (const Published* published = outcome.published()) AddWindow(*published);
  AddNotes(std::move(outcome.notes));
  return std::move(outcome.then);
}

Status ReportBuilder::AddResumed(Outcome outcome) {
  if (outcome.published() != nullptr) ++report_.resumed;
  return Add(std::move(outcome));
}

Status ReportBuilder::Add(CarriedOut carried_out) {
  Status then = std::move(carried_out.then);
  for (auto& outcome : carried_out.outcomes) {
    Status failed = Add(std::move(outcome));
    if (then) then = std::move(failed);
  }
  report_.late_rows += carried_out.late_rows;
  AddNotes(std::move(carried_out.notes));
  return then;
}

void ReportBuilder::AddNotes(std::vector<std::string> notes) {
  report_.notes.insert(report_.notes.end(), std::make_move_iterator(notes.begin()),
                       std::make_move_iterator(notes.end()));
}

void ReportBuilder::AddWindow(const Published& published) {
  const WindowReport& window = published.window;
  report_.windows.push_back(window);
  report_.rows += window.rows;
  report_.files += window.files;
  report_.bytes += window.bytes;
  report_.copied += published.row_groups_copied;
  report_.spliced += published.row_groups_spliced;
  report_.rewritten += published.row_groups_rewritten;
  if (window.kind == ExportKind::kLate) report_.late_rows += window.rows;
  // Not a sum: the rows of the source version that no window covers are the same for each.
  if (window.kind == ExportKind::kWindow || window.kind == ExportKind::kBackfill) {
    report_.null_watermarks = published.null_watermarks;
    report_.unreadable_watermarks = published.unreadable_watermarks;
  }
}

void ReportBuilder::SetBusy() {
  if (report_.windows.empty()) report_.status = RunStatus::kBusy;
}

RunReport ReportBuilder::Finish(Status status, double seconds) && {
  report_.seconds = seconds;
  if (!status) {
    report_.status = RunStatus::kFailed;
    report_.error = OfTable(std::move(status).error(), table_);
  } else if (!report_.windows.empty()) {
    report_.status = RunStatus::kExported;
  }
  return std::move(report_);
}

RunReport ReportOn(const Services& services, const config::Table& table, const RunOptions& options,
                   const std::function<Status(transfer::Progress&, ReportBuilder&)>& work) {
  ReportBuilder report(table);
  transfer::Progress own_progress;
  transfer::Progress& progress = options.progress != nullptr ? *options.progress : own_progress;
  const int64_t began = services.wall->MonotonicMicros();
  Status status = Guarded([&] { return work(progress, report); });
  const double seconds = static_cast<double>(services.wall->MonotonicMicros() - began) / 1e6;
  return std::move(report).Finish(std::move(status), seconds);
}

}  // namespace sluice::exporter
