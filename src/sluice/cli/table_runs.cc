#include "sluice/cli/table_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/cli/answer.h"
#include "sluice/cli/output.h"
#include "sluice/cli/progress_display.h"
#include "sluice/cli/run_text.h"
#include "sluice/runtime/executor.h"

namespace sluice::cli {
namespace {

using exporter::RunReport;

size_t LongestName(const std::vector<const config::Table*>& tables) {
  size_t longest = 0;
  for (const auto* table : tables) longest = std::max(longest, table->name.size());
  return longest;
}

std::vector<RunReport> WorkOn(const Context& context, const Selection& selection,
                              const TableWork& work) {
  const auto& tables = selection.tables;
  const size_t width = LongestName(tables);
  std::vector<RunReport> reports(tables.size());
  ProgressDisplay display(!context.json && !context.quiet);
  // Not cut short by a signal: each table's run sees it by itself, and says how far it came.
  const runtime::CancelToken never;
  const int at_once = std::max(1, selection.loaded.config->limits.max_concurrent_runs);
  (void)runtime::ParallelFor(tables.size(), at_once, never, [&](size_t i) -> Status {
    reports[i] = work(*tables[i], display.Add(tables[i]->name));
    if (context.json) return {};
    display.Interrupt([&] {
      if (!context.quiet) PrintLine(DescribeRun(reports[i], width));
      if (reports[i].error) PrintError(*reports[i].error);
    });
    return {};
  });
  return reports;
}

Json RunsToJson(const std::vector<RunReport>& reports) {
  Json runs = Json::array();
  for (const auto& report : reports) runs.push_back(cli::ToJson(report));
  return runs;
}

}  // namespace

int RunTables(const Context& context, const Selection& selection, Busy busy,
              const TableWork& work) {
  const auto idle = DescribeIdleKeys(*selection.loaded.config, selection.tables);
  if (!context.quiet) {
    for (const auto& sentence : idle) PrintToErrors("warning: " + sentence);
  }
  const auto clock = runtime::SystemClock();
  const int64_t began = clock->MonotonicMicros();
  const std::vector<RunReport> reports = WorkOn(context, selection, work);
  const double seconds = static_cast<double>(clock->MonotonicMicros() - began) / 1e6;
  ExitCode code;
  for (const auto& report : reports) {
    code.Add(report.error);
    if (report.status == exporter::RunStatus::kBusy && busy == Busy::kIsToBeTriedAgain) {
      code.AddBusy();
    }
  }
  if (context.json) {
    PrintAnswer(context, {{"runs", RunsToJson(reports)}, {"notes", idle}}, code.Value(context));
  } else if (!context.quiet && reports.size() > 1) {
    PrintLine(SummarizeRuns(reports, seconds));
  }
  return code.Value(context);
}

}  // namespace sluice::cli
