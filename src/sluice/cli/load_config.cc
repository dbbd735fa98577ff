#include "sluice/cli/load_config.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "sluice/base/human_text.h"
#include "sluice/cli/answer.h"
#include "sluice/config/config_parser.h"
#include "sluice/config/mistake.h"
#include "sluice/runtime/log.h"

namespace sluice::cli {
namespace {

/// Prints one mistake per line, or as JSON. Returns the exit code.
int ReportMistakes(const Context& context, const std::vector<config::Mistake>& mistakes) {
  if (!context.json) {
    std::string text = fmt::format("error: {} has {}:", context.config_file,
                                   Plural(std::ssize(mistakes), "mistake"));
    for (const auto& mistake : mistakes) {
      const std::string at =
          mistake.line > 0 ? fmt::format("{}:{}", mistake.line, mistake.column) : std::string("-");
      text += fmt::format("\n  {:<7} {}", at, mistake.message);
    }
    PrintToErrors(text);
    return kExitUsage;
  }
  Json all = Json::array();
  for (const auto& mistake : mistakes) {
    all.push_back({{"line", mistake.line > 0 ? Json(mistake.line) : Json(nullptr)},
                   {"column", mistake.line > 0 ? Json(mistake.column) : Json(nullptr)},
                   {"key", mistake.key.empty() ? Json(nullptr) : Json(mistake.key)},
                   {"message", runtime::RedactError(mistake.message)}});
  }
  Json error =
      ToJson(Error{ErrorKind::kConfig, config::FormatMistakes(context.config_file, mistakes),
                   "correct them, then run `sluice check`"});
  error["file"] = context.config_file;
  error["mistakes"] = std::move(all);
  PrintAnswer(context, {{"error", std::move(error)}}, kExitUsage);
  return kExitUsage;
}

}  // namespace

std::optional<int> ReadConfigInto(Context& context) {
  std::error_code error;
  const auto file = std::filesystem::absolute(context.config_file, error);
  if (error) {
    return Report(
        Error{ErrorKind::kConfig, fmt::format("{}: {}", context.config_file, error.message()),
              "name the config with --config FILE"},
        context);
  }
  auto reading = config::ReadConfigFile(file.string(), config::ProcessEnvironment());
  if (!reading) return Report(reading.error(), context);
  if (!reading->mistakes.empty()) return ReportMistakes(context, reading->mistakes);
  spdlog::debug("sluice {} {}, {} with {}", SLUICE_VERSION, context.command, file.string(),
                Plural(std::ssize(reading->config.tables), "table"));
  context.config = std::make_shared<const config::Config>(std::move(reading->config));
  return std::nullopt;
}

}  // namespace sluice::cli
