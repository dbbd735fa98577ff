#include "sluice/cli/status_text.h"

#include <fmt/format.h>

#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/cli/output.h"

namespace sluice::cli {
namespace {

using exporter::Health;
using exporter::StatusReport;

std::string Length(const std::optional<Duration>& d) { return d ? HumanDuration(*d) : "-"; }

/// To the minute where there are no seconds, as at the end of a window.
std::string ExportedThrough(const StatusReport& report) {
  if (!report.last_window) return "-";
  const auto* time = std::get_if<Timestamp>(&report.last_window->end);
  if (time == nullptr) return "version " + ledger::ToText(report.last_window->end);
  constexpr size_t kToTheMinute = 16;  // 2026-01-31T09:00
  return FormatTimestamp(*time).substr(0, kToTheMinute) + "Z";
}

std::string RetentionLeft(const StatusReport& report) {
  if (report.retention_lost) return Paint(Colour::kBad, "lost");
  if (!report.retention_left) return "-";
  if (report.retention_left->micros > 0) return HumanDuration(*report.retention_left);
  return Paint(Colour::kWarning, "over");
}

/// "ok, 5m ago", "running export 7".
std::string HealthText(const StatusReport& report) {
  const std::string ago =
      report.last_run_ago ? ", " + HumanDuration(*report.last_run_ago) + " ago" : "";
  switch (report.health) {
    case Health::kUnknown:
      return Paint(Colour::kBad, "unknown");
    case Health::kRunning:
      return Paint(Colour::kGood,
                   fmt::format("running export {}", report.running_export.value_or(0)));
    case Health::kFailed:
      return Paint(Colour::kBad, "failed" + ago);
    case Health::kLate:
      return Paint(Colour::kBad, "late" + ago);
    case Health::kStopped:
      return Paint(Colour::kWarning, "stopped" + ago);
    case Health::kNeverRun:
      return "never run";
    case Health::kOk:
      return Paint(Colour::kGood, "ok" + ago);
  }
  return "";
}

Json TimeJson(const std::optional<Timestamp>& t) {
  return t ? Json(FormatTimestamp(*t)) : Json(nullptr);
}

Json SecondsJson(const std::optional<Duration>& d) {
  return d ? Json(d->micros / 1'000'000) : Json(nullptr);
}

Json VersionJson(const std::optional<Version>& v) { return v ? Json(v->value) : Json(nullptr); }

}  // namespace

Json ToJson(const StatusReport& report) {
  return {{"table", report.table},
          {"name", report.name},
          {"pattern", config::Name(report.pattern)},
          {"outcome", exporter::Name(report.health)},
          {"running_export", report.running_export ? Json(*report.running_export) : Json(nullptr)},
          {"late", report.late},
          {"freshness_seconds", report.freshness.micros / 1'000'000},
          {"last_window", report.last_window ? ToJson(*report.last_window) : Json(nullptr)},
          {"last_committed", TimeJson(report.last_committed)},
          {"last_run", TimeJson(report.last_run)},
          {"last_error", report.last_error.empty() ? Json(nullptr) : Json(report.last_error)},
          {"warning", report.warning.empty() ? Json(nullptr) : Json(report.warning)},
          {"lag_seconds", SecondsJson(report.lag)},
          {"source_version", VersionJson(report.source_version)},
          {"exported_version", VersionJson(report.exported_version)},
          {"retention_left_seconds", SecondsJson(report.retention_left)},
          {"retention_lost", report.retention_lost},
          {"unfinished", report.unfinished.empty() ? Json(nullptr) : Json(report.unfinished)},
          {"error", report.error ? ToJson(*report.error) : Json(nullptr)}};
}

std::string StatusTable(const std::vector<StatusReport>& reports) {
  std::vector<std::vector<std::string>> rows{
      {"NAME", "EXPORTED THROUGH", "LAG", "RETENTION", "LAST RUN"}};
  for (const auto& report : reports) {
    rows.push_back({report.name, ExportedThrough(report), Length(report.lag), RetentionLeft(report),
                    HealthText(report)});
  }
  return FormatTable(rows, {});
}

std::string StatusFailure(const StatusReport& report) {
  if (report.health == Health::kFailed) {
    return fmt::format("{}: the last run failed: {}", report.name, report.last_error);
  }
  if (report.health == Health::kLate) {
    return fmt::format("{}: late: the export lags {} behind, and {} is allowed", report.name,
                       Length(report.lag), HumanDuration(report.freshness));
  }
  return "";
}

std::vector<std::string> StatusRemarks(const StatusReport& report) {
  std::vector<std::string> remarks;
  const auto add = [&](const std::string& text) {
    if (!text.empty()) remarks.push_back(fmt::format("{}: {}", report.name, text));
  };
  add(report.unfinished);
  std::istringstream lines(report.warning);
  for (std::string line; std::getline(lines, line);) add(line);
  if (report.retention_lost) {
    add("the source has dropped what the next run needs; `sluice check` says what to do");
  }
  if (auto failure = StatusFailure(report); !failure.empty()) remarks.push_back(std::move(failure));
  return remarks;
}

}  // namespace sluice::cli
