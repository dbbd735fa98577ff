#include <utility>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/cli/plan_text.h"
#include "sluice/exporter/exporter.h"

namespace sluice::cli {

int Execute(const Context& context, const PlanCommand& command) {
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  exporter::RunOptions options;
  if (command.at_version) options.at_version = Version{*command.at_version};
  ExitCode code;
  Json plans = Json::array();
  for (const auto* table : selection->tables) {
    const auto report = exporter::PlanTable(selection->loaded.services, *table, options);
    code.Add(report.error);
    if (context.json) {
      plans.push_back(ToJson(report));
      continue;
    }
    if (!context.quiet) PrintTable(DescribePlan(report));
    if (report.error) PrintError(*report.error);
  }
  const int exit_code = code.Value(context);
  if (context.json) PrintAnswer(context, {{"plans", std::move(plans)}}, exit_code);
  return exit_code;
}

}  // namespace sluice::cli
