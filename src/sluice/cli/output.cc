#include "sluice/cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "sluice/cli/terminal.h"
#include "sluice/runtime/log.h"

namespace sluice::cli {
namespace {

bool UsesColour() {
  static const bool uses = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return uses;
}

}  // namespace

void PrintJson(const Json& document) {
  const std::string text = document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::string clean = runtime::Redact(text);
  std::fwrite(clean.data(), 1, clean.size(), stdout);
  std::fflush(stdout);
}

void PrintToErrors(std::string_view text) {
  const std::string clean = Wrap(runtime::RedactError(text), ErrorColumns()) + "\n";
  std::fflush(stdout);  // keeps the order of both streams on a terminal
  std::fwrite(clean.data(), 1, clean.size(), stderr);
}

void PrintError(const Error& error) {
  const std::string_view heading = error.kind == ErrorKind::kCancelled ? "stopped" : "error";
  std::string text = fmt::format("{}: {}", heading, error.message);
  if (!error.remedy.empty()) text += "\n  fix: " + error.remedy;
  PrintToErrors(text);
}

void PrintLine(std::string_view text) { PrintTable(Wrap(text, OutputColumns())); }

void PrintTable(std::string_view text) {
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
      {"unreadable_watermarks", report.unreadable_watermarks},
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
  const std::string text = AlignTable(rows, right, OutputColumns());
  const size_t heading = text.find('\n');
  if (heading == std::string::npos) return Paint(Colour::kFaint, text);
  return Paint(Colour::kFaint, text.substr(0, heading)) + text.substr(heading);
}

}  // namespace sluice::cli
