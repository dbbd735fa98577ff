#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/table_runs.h"

namespace sluice::cli {

int Execute(const Context& context, const BackfillCommand& command) {
  const auto one = LoadAndSelectOne(context, command.name);
  if (!one) return Report(one.error(), context);
  exporter::BackfillOptions options;
  options.from = command.from;
  options.to = command.to;
  if (!command.chunk.empty()) options.chunk = command.chunk;
  options.again = command.again;
  if (command.at_version) options.run.at_version = Version{*command.at_version};
  return RunTables(context, Selection{one->loaded, {one->table}}, Busy::kIsToBeTriedAgain,
                   [&](const config::Table& table, transfer::Progress* progress) {
                     options.run.progress = progress;
                     return exporter::Backfill(one->loaded.services, table, options);
                   });
}

}  // namespace sluice::cli
