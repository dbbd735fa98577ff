#include "sluice/exporter/report_on.h"

#include <utility>

namespace sluice::exporter {
namespace {

/// What to do about errors that come from far below, where nobody knows what was being done.
std::string_view UsualRemedy(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kCorrupt:
      return "restore that file from a backup or let its writer write it anew, then run again; "
             "nothing of it was exported";
    case ErrorKind::kNotFound:
    case ErrorKind::kSourceGone:
      return "restore what is missing, or correct the table's entry in sluice.yaml, then run again";
    case ErrorKind::kStorage:
      return "see to that disk or folder, then run again; nothing is lost";
    default:
      return "";
  }
}

}  // namespace

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
    if (report.error->remedy.empty()) report.error->remedy = UsualRemedy(report.error->kind);
  } else if (!report.windows.empty()) {
    report.status = RunStatus::kExported;
  }
  return report;
}

}  // namespace sluice::exporter
