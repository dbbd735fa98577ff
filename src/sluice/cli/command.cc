#include "sluice/cli/command.h"

#include <fmt/format.h>

#include <utility>

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
