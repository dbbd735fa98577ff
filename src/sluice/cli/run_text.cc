#include "sluice/cli/run_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/cli/output.h"

namespace sluice::cli {
namespace {

using exporter::RunReport;
using exporter::RunStatus;
using ledger::ExportKind;

std::string StatusText(RunStatus status) {
  switch (status) {
    case RunStatus::kExported:
      return Paint(Colour::kGood, "exported   ");
    case RunStatus::kNothingNew:
      return Paint(Colour::kFaint, "nothing new");
    case RunStatus::kBusy:
      return Paint(Colour::kWarning, "busy       ");
    case RunStatus::kFailed:
      return Paint(Colour::kBad, "failed     ");
  }
  return "";
}

bool WasStopped(const RunReport& report) {
  return report.error && report.error->kind == ErrorKind::kCancelled;
}

/// "1,234 rows, 3 files, 12.3 MiB in 0.84 s"
std::string Amount(const RunReport& report) {
  return fmt::format("{}, {}, {} in {}", Plural(report.rows, "row"), Plural(report.files, "file"),
                     HumanBytes(report.bytes), HumanSeconds(report.seconds));
}

/// From the start of the first to the end of the last window, late rows left out.
std::string WindowsText(const RunReport& report) {
  const exporter::WindowReport* first = nullptr;
  const exporter::WindowReport* last = nullptr;
  int64_t count = 0;
  for (const auto& window : report.windows) {
    if (window.kind == ExportKind::kLate || window.kind == ExportKind::kVoid) continue;
    if (first == nullptr) first = &window;
    last = &window;
    ++count;
  }
  if (count == 0) return "";
  std::string text = DescribeRange(first->start, last->end);
  if (count > 1) text += fmt::format(" in {} windows", count);
  return text;
}

/// What deserves attention, one remark per line.
std::vector<std::string> Remarks(const RunReport& report) {
  std::vector<std::string> remarks;
  if (report.resumed > 0) {
    remarks.push_back(
        fmt::format("finished {} of an earlier run first", Plural(report.resumed, "export")));
  }
  if (report.late_rows > 0) {
    remarks.push_back(fmt::format("{} arrived late, after {} exported",
                                  Plural(report.late_rows, "row"),
                                  report.late_rows == 1 ? "its window was" : "their windows were"));
  }
  if (report.null_watermarks > 0) {
    remarks.push_back(fmt::format("{} of the source {} no watermark and will never be exported",
                                  Plural(report.null_watermarks, "row"),
                                  report.null_watermarks == 1 ? "has" : "have"));
  }
  if (report.unreadable_watermarks > 0) {
    remarks.push_back(fmt::format(
        "{} of the source {} a watermark that cannot be read as a time and will never be exported",
        Plural(report.unreadable_watermarks, "row"),
        report.unreadable_watermarks == 1 ? "has" : "have"));
  }
  for (const auto& window : report.windows) {
    if (window.kind == ExportKind::kVoid) {
      remarks.push_back(fmt::format("export {} was voided", window.n));
    }
  }
  remarks.insert(remarks.end(), report.notes.begin(), report.notes.end());
  return remarks;
}

/// " (1,200,000 rows/s, 80.0 MiB/s)"; "" if it took no time.
std::string Rate(int64_t rows, int64_t bytes, double seconds) {
  constexpr double kTooShort = 0.001;
  if (rows == 0 || seconds < kTooShort) return "";
  const auto per_second = [&](int64_t amount) {
    return static_cast<int64_t>(static_cast<double>(amount) / seconds);
  };
  return fmt::format(" ({} rows/s, {}/s)", HumanCount(per_second(rows)),
                     HumanBytes(per_second(bytes)));
}

}  // namespace

std::string DescribeRange(const ledger::Bound& start, const ledger::Bound& end) {
  if (std::holds_alternative<std::monostate>(end)) return "";
  const bool is_window = !std::holds_alternative<std::monostate>(start);
  const std::string text = is_window
                               ? fmt::format("({}, {}]", ledger::ToText(start), ledger::ToText(end))
                               : ledger::ToText(end);
  if (std::holds_alternative<Timestamp>(end)) return is_window ? text : "at " + text;
  return (is_window ? "versions " : "version ") + text;
}

std::string DescribeRun(const RunReport& report, size_t width) {
  std::string text = fmt::format(
      "{:<{}}  {}", report.name, width,
      WasStopped(report) ? Paint(Colour::kWarning, "stopped    ") : StatusText(report.status));
  switch (report.status) {
    case RunStatus::kExported:
      text += "  " + Amount(report);
      if (const auto windows = WindowsText(report); !windows.empty()) text += "\n    " + windows;
      break;
    case RunStatus::kBusy:
      if (report.notes.empty()) text += "  another run is working on it";
      break;
    case RunStatus::kFailed:
      text += report.windows.empty() ? fmt::format("  after {}", HumanSeconds(report.seconds))
                                     : fmt::format("  after {}", Amount(report));
      break;
    case RunStatus::kNothingNew:
      break;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  for (const auto& remark : Remarks(report)) text += "\n    " + remark;
  return text;
}

std::string SummarizeRuns(const std::vector<RunReport>& reports, double seconds) {
  int64_t rows = 0, files = 0, bytes = 0;
  std::vector<std::string> parts;
  const auto count = [&](RunStatus status, std::string_view what, Colour colour,
                         bool stopped = false) {
    const auto n = std::count_if(reports.begin(), reports.end(), [&](const RunReport& report) {
      return report.status == status && WasStopped(report) == stopped;
    });
    if (n > 0) parts.push_back(Paint(colour, fmt::format("{} {}", n, what)));
  };
  count(RunStatus::kExported, "exported", Colour::kGood);
  count(RunStatus::kNothingNew, "with nothing new", Colour::kPlain);
  count(RunStatus::kBusy, "busy", Colour::kWarning);
  count(RunStatus::kFailed, "stopped", Colour::kWarning, /*stopped=*/true);
  count(RunStatus::kFailed, "failed", Colour::kBad);
  for (const auto& report : reports) {
    rows += report.rows;
    files += report.files;
    bytes += report.bytes;
  }
  std::string text = fmt::format("{}: {}", Plural(static_cast<int64_t>(reports.size()), "table"),
                                 fmt::join(parts, ", "));
  if (files > 0 || rows > 0) {
    text += fmt::format("; {} in {}, {}", Plural(rows, "row"), Plural(files, "file"),
                        HumanBytes(bytes));
  }
  return text + fmt::format("; {}{}", HumanSeconds(seconds), Rate(rows, bytes, seconds));
}

}  // namespace sluice::cli
