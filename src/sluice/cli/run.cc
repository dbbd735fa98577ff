#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/confirm.h"
#include "sluice/cli/table_runs.h"
#include "sluice/config/config_parser.h"
#include "sluice/runtime/log.h"

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

bool IsCdc(const config::Table* table) { return table->is_cdc(); }

/// A reseed asked for by a name that means no cdc table would do something else than was asked. Where a name
/// or a glob means others beside cdc tables, those run as usual, which is said.
Status CheckReseed(const Selection& selection, const std::vector<std::string>& names) {
  const std::vector<std::string> asked = names.empty() ? std::vector<std::string>{"*"} : names;
  for (const auto& name : asked) {
    SLUICE_ASSIGN_OR_RETURN(const auto tables,
                            config::SelectTables(*selection.loaded.config, {name}));
    if (std::any_of(tables.begin(), tables.end(), IsCdc)) continue;
    const config::Table& first = *tables.front();
    return Fail(
        Error{ErrorKind::kUsage,
              names.empty()
                  ? std::string("--reseed: no table of the config has pattern cdc")
                  : fmt::format("--reseed: '{}' means no table of pattern cdc ({} has pattern {})",
                                name, first.name, config::Name(first.pattern())),
              "only a change feed starts again from a snapshot; leave --reseed out, or name a cdc "
              "table"});
  }
  for (const auto* table : selection.tables) {
    if (IsCdc(table)) continue;
    spdlog::warn("{} has pattern {}, to which --reseed means nothing: it runs as usual",
                 table->name, config::Name(table->pattern()));
  }
  return {};
}

/// Naming tables is saying which feeds start again; without a name it may be a slip.
Status ConfirmReseed(const Context& context, const Selection& selection,
                     const RunCommand& command) {
  if (!command.names.empty()) return {};
  std::vector<std::string> names;
  for (const auto* table : selection.tables) {
    if (IsCdc(table)) names.push_back(table->name);
  }
  return Confirm(context, command.yes,
                 fmt::format("--reseed without a name starts every feed over from a new snapshot: "
                             "{}. Their readers have to load that snapshot and go on from there",
                             fmt::join(names, ", ")));
}

}  // namespace

int Execute(const Context& context, const RunCommand& command) {
  const auto options = OptionsOf(command);
  if (!options) return Report(options.error(), context);
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  if (options->reseed) {
    const auto allowed = CheckReseed(*selection, command.names);
    if (!allowed) return Report(allowed.error(), context);
    const auto confirmed = ConfirmReseed(context, *selection, command);
    if (!confirmed) return Report(confirmed.error(), context);
  }
  return RunTables(context, *selection, Busy::kIsWell,
                   [&](const config::Table& table, transfer::Progress* progress) {
                     exporter::RunOptions of_table = *options;
                     of_table.progress = progress;
                     return exporter::RunTable(selection->loaded.services, table, of_table);
                   });
}

}  // namespace sluice::cli
