#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/cli/command.h"
#include "sluice/cli/table_runs.h"

namespace sluice::cli {
namespace {

Result<exporter::RunOptions> OptionsOf(const RunCommand& command) {
  exporter::RunOptions options;
  if (command.at_version) options.at_version = Version{*command.at_version};
  options.reseed = command.reseed;
  if (!command.wait.empty()) {
    auto wait = ParseDuration(command.wait);
    if (!wait) return Fail(std::move(wait).error().Within("--wait"));
    options.wait = *wait;
  }
  return options;
}

}  // namespace

int Execute(const Context& context, const RunCommand& command) {
  const auto options = OptionsOf(command);
  if (!options) return Report(options.error(), context);
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  return RunTables(context, *selection,
                   [&](const config::Table& table, transfer::Progress* progress) {
                     exporter::RunOptions of_table = *options;
                     of_table.progress = progress;
                     return exporter::RunTable(selection->loaded.services, table, of_table);
                   });
}

}  // namespace sluice::cli
