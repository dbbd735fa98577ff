#include "sluice/cli/plan_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "sluice/cli/output.h"
#include "sluice/cli/run_text.h"

namespace sluice::cli {
namespace {

using exporter::PlannedWindow;
using exporter::PlanReport;
using exporter::RunStatus;

/// "12 copied, 3 rewritten": how the source files would move.
std::string HowMoved(const PlannedWindow& window) {
  std::vector<std::string> parts;
  const auto add = [&](int64_t files, const char* how) {
    if (files > 0) parts.push_back(fmt::format("{} {}", HumanCount(files), how));
  };
  add(window.copied_files, "copied");
  add(window.spliced_files, "spliced");
  add(window.rewritten_files, "rewritten");
  return parts.empty() ? "-" : fmt::format("{}", fmt::join(parts, ", "));
}

std::string WindowTable(const PlanReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"  KIND", "RANGE", "SOURCE FILES", "ROWS AT MOST", "BYTES AT MOST", "PARTITIONS", "MOVED"}};
  for (const auto& window : report.windows) {
    std::string range = DescribeRange(window.start, window.end);
    rows.push_back({fmt::format("  {}", ledger::Name(window.kind)), range.empty() ? "-" : range,
                    HumanCount(window.source_files),
                    window.source_rows ? HumanCount(*window.source_rows) : "unknown",
                    HumanBytes(window.source_bytes), HumanCount(window.partitions),
                    HowMoved(window)});
  }
  return FormatTable(rows, {2, 3, 4, 5});
}

std::string Requests(const PlanReport& report) {
  std::string text = fmt::format("  about {} and {}", Plural(report.put_requests, "write request"),
                                 Plural(report.get_requests, "read request"));
  if (report.cost_usd > 0) text += fmt::format(", ${:.4f} at list price", report.cost_usd);
  return text;
}

Json ToJson(const PlannedWindow& window) {
  return {{"kind", ledger::Name(window.kind)},
          {"start", ledger::ToJson(window.start)},
          {"end", ledger::ToJson(window.end)},
          {"source_files", window.source_files},
          {"source_bytes", window.source_bytes},
          {"source_rows", window.source_rows ? Json(*window.source_rows) : Json(nullptr)},
          {"partitions", window.partitions},
          {"moved",
           {{"copied", window.copied_files},
            {"spliced", window.spliced_files},
            {"rewritten", window.rewritten_files}}}};
}

}  // namespace

Json ToJson(const PlanReport& report) {
  Json windows = Json::array();
  for (const auto& window : report.windows) windows.push_back(ToJson(window));
  return {{"table", report.table},
          {"name", report.name},
          {"pattern", config::Name(report.pattern)},
          {"status",
           report.status == RunStatus::kExported ? "to_export" : exporter::Name(report.status)},
          {"source_version",
           report.source_version.value >= 0 ? Json(report.source_version.value) : Json(nullptr)},
          {"windows", std::move(windows)},
          {"unfinished", report.unfinished},
          {"requests", {{"put", report.put_requests}, {"get", report.get_requests}}},
          {"cost_usd", report.cost_usd},
          {"error", report.error ? ToJson(*report.error) : Json(nullptr)},
          {"notes", report.notes}};
}

std::string DescribePlan(const PlanReport& report) {
  std::string text = report.name;
  if (report.source_version.value >= 0) {
    text += fmt::format("  at version {} of the source", report.source_version.value);
  }
  switch (report.status) {
    case RunStatus::kFailed:
      if (!report.windows.empty()) {
        text += "\n" + WindowTable(report) + "\n" + Requests(report) + "\n";
      }
      text += "  " + Paint(Colour::kBad, report.windows.empty() ? "cannot be planned"
                                                                : "what follows cannot be planned");
      break;
    case RunStatus::kNothingNew:
      text += "  " + Paint(Colour::kFaint, "nothing new");
      break;
    case RunStatus::kBusy:
      text += "  " + Paint(Colour::kWarning, "busy");
      break;
    case RunStatus::kExported:
      text += "\n" + WindowTable(report) + "\n" + Requests(report);
      break;
  }
  for (const auto& note : report.notes) text += "\n  " + note;
  return text;
}

}  // namespace sluice::cli
