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

using exporter::StatusReport;

/// To the second: what a person compares with a clock.
std::string Clock(const std::optional<Timestamp>& t) {
  if (!t) return "-";
  constexpr int64_t kSecond = 1'000'000;
  return FormatTimestamp(Timestamp{t->micros - ((t->micros % kSecond) + kSecond) % kSecond});
}

std::string Length(const std::optional<Duration>& d) { return d ? HumanDuration(*d) : "-"; }

std::string ExportedThrough(const StatusReport& report) {
  if (!report.last_window) return "-";
  return ledger::ToText(report.last_window->end);
}

std::string RetentionLeft(const StatusReport& report) {
  if (!report.retention_left) return "-";
  if (report.retention_left->micros > 0) return HumanDuration(*report.retention_left);
  return Paint(Colour::kWarning, "none");
}

std::string Outcome(const StatusReport& report) {
  if (report.error) return Paint(Colour::kBad, "unknown");
  if (!report.last_error.empty()) return Paint(Colour::kBad, "failed");
  return report.last_run ? Paint(Colour::kGood, "ok") : "never run";
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
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
          {"schedule", report.schedule},
          {"last_window", report.last_window ? ToJson(*report.last_window) : Json(nullptr)},
          {"last_committed", TimeJson(report.last_committed)},
          {"last_run", TimeJson(report.last_run)},
          {"last_error", report.last_error.empty() ? Json(nullptr) : Json(report.last_error)},
          {"warning", report.warning.empty() ? Json(nullptr) : Json(report.warning)},
          {"next_run", TimeJson(report.next_run)},
          {"lag_seconds", SecondsJson(report.lag)},
          {"source_version", VersionJson(report.source_version)},
          {"exported_version", VersionJson(report.exported_version)},
          {"retention_left_seconds", SecondsJson(report.retention_left)},
          {"unfinished", report.unfinished.empty() ? Json(nullptr) : Json(report.unfinished)},
          {"error", report.error ? ToJson(*report.error) : Json(nullptr)}};
}

std::string DescribeStatus(const std::vector<StatusReport>& reports) {
  std::vector<std::vector<std::string>> rows{{"NAME", "PATTERN", "EXPORTED THROUGH", "LAG",
                                              "LAST RUN", "OUTCOME", "NEXT RUN", "RETENTION LEFT"}};
  for (const auto& report : reports) {
    rows.push_back({report.name, std::string(config::Name(report.pattern)), ExportedThrough(report),
                    Length(report.lag), Clock(report.last_run), Outcome(report),
                    Clock(report.next_run), RetentionLeft(report)});
  }
  std::string text = FormatTable(rows, {});
  for (const auto& report : reports) {
    if (!report.unfinished.empty()) {
      text += fmt::format("\n{}: {}", report.name, report.unfinished);
    }
    if (!report.warning.empty()) {
      std::istringstream lines(report.warning);
      for (std::string line; std::getline(lines, line);) {
        text += fmt::format("\n{}: {}", report.name, line);
      }
    }
    if (!report.last_error.empty()) {
      text += fmt::format("\n{}: the last run failed: {}", report.name, report.last_error);
    }
  }
  return text;
}

}  // namespace sluice::cli
