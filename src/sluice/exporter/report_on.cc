#include "sluice/exporter/report_on.h"

#include <utility>

#include "sluice/exporter/report/table_error.h"

namespace sluice::exporter {

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
    report.error = OfTable(std::move(status).error(), table);
  } else if (!report.windows.empty()) {
    report.status = RunStatus::kExported;
  }
  return report;
}

}  // namespace sluice::exporter
