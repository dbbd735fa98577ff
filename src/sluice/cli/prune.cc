#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/cli/prune_text.h"
#include "sluice/prune/prune.h"

namespace sluice::cli {

int Execute(const Context& context, const PruneCommand& command) {
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  const exporter::Services& services = selection->loaded.services;
  const prune::PruneOptions options{command.dry_run, command.replaced_now};
  std::vector<prune::PruneReport> reports;
  ExitCode code;
  Json tables = Json::array();
  const auto tell = [&](const prune::PruneReport& report) {
    code.Add(report.error);
    if (context.json) return;
    const bool worth_a_line = !report.removed.empty() || (!report.name.empty() && !report.error);
    if (!context.quiet && worth_a_line) {
      PrintLine(DescribePrune(report, context.verbose || report.dry_run));
    }
    if (report.error) PrintError(*report.error);
  };
  for (const auto* table : selection->tables) {
    reports.push_back(prune::Prune(services, *table, options));
    tell(reports.back());
    tables.push_back(ToJson(reports.back()));
  }
  reports.push_back(prune::PruneLeftovers(services, options));
  tell(reports.back());
  if (context.json) {
    PrintAnswer(context,
                {{"dry_run", command.dry_run},
                 {"tables", std::move(tables)},
                 {"leftovers", ToJson(reports.back())}},
                code.Value(context));
  } else if (!context.quiet && selection->tables.size() > 1) {
    PrintLine(SummarizePrune(reports));
  }
  return code.Value(context);
}

}  // namespace sluice::cli
