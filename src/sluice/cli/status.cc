#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/cli/status_text.h"
#include "sluice/exporter/inspect/status.h"

namespace sluice::cli {

int Execute(const Context& context, const StatusCommand& command) {
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  std::vector<exporter::StatusReport> reports;
  ExitCode code;
  for (const auto* table : selection->tables) {
    reports.push_back(exporter::StatusOf(selection->loaded.services, *table));
    code.Add(reports.back().error);
    const auto health = reports.back().health;
    if (health == exporter::Health::kFailed || health == exporter::Health::kLate) {
      code.AddFault();
    }
  }
  if (context.json) {
    Json tables = Json::array();
    for (const auto& report : reports) tables.push_back(ToJson(report));
    PrintAnswer(context, {{"tables", std::move(tables)}}, code.Value(context));
    return code.Value(context);
  }
  if (!context.quiet) PrintTable(StatusTable(reports));
  for (const auto& report : reports) {
    if (!context.quiet) {
      for (const auto& remark : StatusRemarks(report)) PrintLine(remark);
    } else if (const auto failure = StatusFailure(report); !failure.empty()) {
      PrintToErrors("error: " + failure);
    }
    if (report.error) PrintError(*report.error);
  }
  return code.Value(context);
}

}  // namespace sluice::cli
