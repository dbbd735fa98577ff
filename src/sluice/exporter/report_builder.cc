#include "sluice/exporter/report_builder.h"

#include <iterator>
#include <utility>

#include "sluice/exporter/report/table_error.h"

namespace sluice::exporter {

using ledger::ExportKind;

ReportBuilder::ReportBuilder(const config::Table& table) : table_(table) {
  report_.table = table.table;
  report_.name = table.name;
  report_.pattern = table.pattern();
}

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
  report_.windows.push_back({published.n, published.kind, published.start, published.end,
                             published.rows, published.files, published.bytes});
  report_.rows += published.rows;
  report_.files += published.files;
  report_.bytes += published.bytes;
  report_.copied += published.row_groups_copied;
  report_.spliced += published.row_groups_spliced;
  report_.rewritten += published.row_groups_rewritten;
  if (published.kind == ExportKind::kLate) report_.late_rows += published.rows;
  // Not a sum: the rows of the source version that no window covers are the same for each.
  if (published.kind == ExportKind::kWindow || published.kind == ExportKind::kBackfill) {
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
