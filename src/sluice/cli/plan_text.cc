#include "sluice/cli/plan_text.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "sluice/base/time_zone.h"
#include "sluice/cli/output.h"
#include "sluice/cli/terminal.h"

namespace sluice::cli {
namespace {

using exporter::PlannedWindow;
using exporter::PlanReport;
using exporter::RunStatus;

/// A bound to the minute where it has no seconds, as windows have not.
std::string Edge(const ledger::Bound& bound) {
  const auto* time = std::get_if<Timestamp>(&bound);
  if (time == nullptr || time->micros % Minutes(1).micros != 0) return ledger::ToText(bound);
  constexpr size_t kToTheMinute = 16;  // 2026-01-31T09:00
  return FormatTimestamp(*time).substr(0, kToTheMinute) + "Z";
}

/// "12 copied, 3 rewritten": how the source files of all windows would move.
std::string HowMoved(const PlanReport& report) {
  int64_t copied = 0, spliced = 0, rewritten = 0;
  for (const auto& window : report.windows) {
    copied += window.copied_files;
    spliced += window.spliced_files;
    rewritten += window.rewritten_files;
  }
  std::vector<std::string> parts;
  const auto add = [&](int64_t files, const char* how) {
    if (files > 0) parts.push_back(fmt::format("{} {}", HumanCount(files), how));
  };
  add(copied, "copied");
  add(spliced, "spliced");
  add(rewritten, "rewritten");
  return parts.empty() ? "" : fmt::format("; files: {}", fmt::join(parts, ", "));
}

std::string WindowTable(const PlanReport& report) {
  std::vector<std::vector<std::string>> rows{
      {"  KIND", "AFTER", "THROUGH", "FILES", "ROWS", "BYTES", "FOLDERS"}};
  for (const auto& window : report.windows) {
    rows.push_back({fmt::format("  {}", ledger::Name(window.kind)), Edge(window.start),
                    Edge(window.end), HumanCount(window.source_files),
                    window.source_rows ? HumanCount(*window.source_rows) : "?",
                    HumanBytes(window.source_bytes), HumanCount(window.partitions)});
  }
  return FormatTable(rows, {3, 4, 5, 6});
}

std::string Requests(const PlanReport& report) {
  std::string text = fmt::format("  rows, bytes and folders at most{}\n  about {} and {}",
                                 HowMoved(report), Plural(report.put_requests, "write request"),
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
    text += fmt::format("  source at version {}", report.source_version.value);
  }
  switch (report.status) {
    case RunStatus::kFailed:
      if (!report.windows.empty()) {
        text += "\n" + WindowTable(report) + "\n" + Requests(report) + "\n";
      }
      text += "  " + Paint(Colour::kBad, report.windows.empty() ? "cannot be planned"
                                                                : "the rest cannot be planned");
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
  for (const auto& note : report.notes) text += "\n" + Wrap("  " + note, OutputColumns());
  return text;
}

}  // namespace sluice::cli
