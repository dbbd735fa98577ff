#include <string>
#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/cli/progress_display.h"
#include "sluice/cli/verify_text.h"
#include "sluice/verify/verify_table.h"

namespace sluice::cli {
namespace {

/// With its progress on stderr, where that is a terminal.
verify::VerifyReport VerifyOne(const Context& context, const Selection& selection,
                               const config::Table& table, const std::string& since) {
  ProgressDisplay display(!context.json && !context.quiet);
  return verify::VerifyTable(selection.loaded.services, table, {since, display.Add(table.name)});
}

}  // namespace

int Execute(const Context& context, const VerifyCommand& command) {
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  ExitCode code;
  Json tables = Json::array();
  for (const auto* table : selection->tables) {
    const verify::VerifyReport report = VerifyOne(context, *selection, *table, command.since);
    const bool is_fault = report.outcome() == verify::Outcome::kNotProven;
    code.Add(report.error);
    if (!report.error && is_fault) {
      code.Add(Error{ErrorKind::kCorrupt, "the export is not what its manifests say", {}});
    }
    if (context.json) {
      tables.push_back(ToJson(report));
      continue;
    }
    if (!context.quiet || is_fault) PrintLine(DescribeVerify(report, context.verbose));
    if (report.error) PrintError(*report.error);
  }
  if (context.json) PrintAnswer(context, {{"tables", std::move(tables)}}, code.Value(context));
  return code.Value(context);
}

}  // namespace sluice::cli
