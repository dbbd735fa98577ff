#include "sluice/cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sluice/runtime/log.h"

namespace sluice::cli {
namespace {

bool UsesColour() {
  static const bool uses = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return uses;
}

/// Columns that `text` takes up on a terminal: code points, not bytes.
size_t Width(std::string_view text) {
  size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\x1b') escape = true;
    if (!escape && (static_cast<unsigned char>(c) & 0xc0) != 0x80) ++width;
    if (escape && c == 'm') escape = false;
  }
  return width;
}

}  // namespace

void PrintJson(const Json& document) {
  const std::string text = document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::string clean = runtime::Redact(text);
  std::fwrite(clean.data(), 1, clean.size(), stdout);
  std::fflush(stdout);
}

void PrintError(const Error& error) {
  std::string text = "error: " + error.message + "\n";
  if (!error.remedy.empty()) text += "  fix: " + error.remedy + "\n";
  const std::string clean = runtime::RedactError(text);
  std::fflush(stdout);  // what was said before stands before it on a terminal
  std::fwrite(clean.data(), 1, clean.size(), stderr);
}

void PrintLine(std::string_view text) {
  const std::string clean = runtime::Redact(text) + "\n";
  std::fwrite(clean.data(), 1, clean.size(), stdout);
}

Json ToJson(const Error& error) {
  return {{"kind", ErrorKindName(error.kind)},
          {"message", runtime::RedactError(error.message)},
          {"remedy", runtime::RedactError(error.remedy)}};
}

Json ToJson(const exporter::WindowReport& window) {
  return {{"n", window.n},
          {"kind", ledger::Name(window.kind)},
          {"start", ledger::ToJson(window.start)},
          {"end", ledger::ToJson(window.end)},
          {"rows", window.rows},
          {"files", window.files},
          {"bytes", window.bytes}};
}

Json ToJson(const exporter::RunReport& report) {
  Json windows = Json::array();
  for (const auto& window : report.windows) windows.push_back(ToJson(window));
  return {
      {"table", report.table},
      {"name", report.name},
      {"pattern", config::Name(report.pattern)},
      {"status", exporter::Name(report.status)},
      {"windows", std::move(windows)},
      {"rows", report.rows},
      {"files", report.files},
      {"bytes", report.bytes},
      {"moved",
       {{"copied", report.copied}, {"spliced", report.spliced}, {"rewritten", report.rewritten}}},
      {"late_rows", report.late_rows},
      {"null_watermarks", report.null_watermarks},
      {"resumed", report.resumed},
      {"seconds", report.seconds},
      {"error", report.error ? ToJson(*report.error) : Json(nullptr)},
      {"notes", report.notes}};
}

std::string HumanSeconds(double seconds) {
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  const auto whole = static_cast<int64_t>(seconds);
  return fmt::format("{} min {} s", whole / 60, whole % 60);
}

std::string HumanDuration(Duration d) {
  const bool negative = d.micros < 0;
  const int64_t minutes = (negative ? -d.micros : d.micros) / 60'000'000;
  std::string text;
  if (minutes >= 2 * 24 * 60) {
    text = fmt::format("{}d {}h", minutes / 1440, minutes / 60 % 24);
  } else if (minutes >= 60) {
    text = fmt::format("{}h {}m", minutes / 60, minutes % 60);
  } else {
    text = fmt::format("{}m", minutes);
  }
  return negative ? "-" + text : text;
}

std::string Paint(Colour colour, std::string_view text) {
  if (!UsesColour() || colour == Colour::kPlain) return std::string(text);
  const int code = colour == Colour::kGood      ? 32
                   : colour == Colour::kWarning ? 33
                   : colour == Colour::kBad     ? 31
                                                : 2;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows,
                        const std::vector<size_t>& right) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], Width(row[c]));
  }
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t c = 0; c < rows[r].size(); ++c) {
      const std::string pad(widths[c] - Width(rows[r][c]), ' ');
      const bool to_right = std::find(right.begin(), right.end(), c) != right.end();
      if (c > 0) line += "  ";
      line += to_right ? pad + rows[r][c] : rows[r][c] + pad;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += (r == 0 ? Paint(Colour::kFaint, line) : line);
    if (r + 1 < rows.size()) text += '\n';
  }
  return text;
}

}  // namespace sluice::cli
