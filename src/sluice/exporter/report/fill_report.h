#pragma once

#include <functional>
#include <utility>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/exporter/report/table_error.h"

namespace sluice::exporter {

/// A report that says so far which table it is about.
template <typename Report>
Report BeginReport(const config::Table& table) {
  Report report;
  report.table = table.table;
  report.name = table.name;
  report.pattern = table.pattern();
  return report;
}

/// The report of a command on `table`, as `work` fills it; where that fails or throws, with the error.
template <typename Report>
Report FillReport(const config::Table& table, const std::function<Status(Report&)>& work) {
  Report report = BeginReport<Report>(table);
  Status status = Guarded([&] { return work(report); });
  if (!status) report.error = OfTable(std::move(status).error(), table);
  return report;
}

}  // namespace sluice::exporter
