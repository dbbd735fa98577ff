#include "sluice/cli/command.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "sluice/cli/answer.h"
#include "sluice/cli/output.h"
#include "sluice/config/config_parser.h"

namespace sluice::cli {

namespace {

Loaded Load(const Context& context) {
  Loaded loaded;
  loaded.config = context.config;
  auto clock = context.now ? runtime::PinnedClock(*context.now) : runtime::SystemClock();
  loaded.services = exporter::MakeServices(loaded.config, std::move(clock), context.cancel);
  return loaded;
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
  context.config = std::make_shared<const config::Config>(std::move(reading->config));
  return std::nullopt;
}

Result<Selection> LoadAndSelect(const Context& context, const std::vector<std::string>& names) {
  Selection selection;
  selection.loaded = Load(context);
  SLUICE_ASSIGN_OR_RETURN(selection.tables, config::SelectTables(*selection.loaded.config, names));
  return selection;
}

Result<OneTable> LoadAndSelectOne(const Context& context, const std::string& name) {
  SLUICE_ASSIGN_OR_RETURN(Selection selection, LoadAndSelect(context, {name}));
  if (selection.tables.size() != 1) {
    std::vector<std::string> names;
    for (const auto* table : selection.tables) names.push_back(table->name);
    return Fail(
        Error{ErrorKind::kUsage,
              fmt::format("'{}' selects {} tables: {}", name, names.size(), fmt::join(names, ", ")),
              "name one of them"});
  }
  return OneTable{std::move(selection.loaded), selection.tables.front()};
}

int ExitCodeOf(const Error& error, const Context& context) {
  switch (error.kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
      return kExitUsage;
    case ErrorKind::kTransient:
      return kExitTryAgain;
    case ErrorKind::kCancelled:
      return context.cancel.signal() > 0 ? 128 + context.cancel.signal() : kExitTryAgain;
    default:
      return kExitFailed;
  }
}

int Report(const Error& error, const Context& context) {
  const int code = ExitCodeOf(error, context);
  if (context.json) {
    PrintAnswer(context, {{"error", ToJson(error)}}, code);
  } else {
    PrintError(error);
  }
  return code;
}

void ExitCode::Add(const std::optional<Error>& error) {
  const bool misused =
      error && (error->kind == ErrorKind::kUsage || error->kind == ErrorKind::kConfig);
  all_misused_ = all_misused_ && misused;
  if (!error) return;
  failed_ = true;
  const bool retryable = IsRetryable(error->kind) || error->kind == ErrorKind::kCancelled;
  all_retryable_ = all_retryable_ && retryable;
}

int ExitCode::Value(const Context& context) const {
  if (context.cancel.cancelled() && context.cancel.signal() > 0) {
    return 128 + context.cancel.signal();
  }
  if (!failed_) return kExitOk;
  if (all_misused_) return kExitUsage;
  return all_retryable_ ? kExitTryAgain : kExitFailed;
}

}  // namespace sluice::cli
