#include <mutex>
#include <utility>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/cli/verify_text.h"
#include "sluice/verify/verify_table.h"

namespace sluice::cli {

int Execute(const Context& context, const VerifyCommand& command) {
  const auto selection = LoadAndSelect(context, command.names);
  if (!selection) return Report(selection.error(), context);
  ExitCode code;
  Json tables = Json::array();
  for (const auto* table : selection->tables) {
    const verify::VerifyReport report = verify::VerifyTable(selection->loaded.services, *table);
    code.Add(report.error);
    if (!report.error && !report.proven()) {
      code.Add(Error{ErrorKind::kCorrupt, "the export is not what its manifests say", {}});
    }
    if (context.json) {
      tables.push_back(ToJson(report));
      continue;
    }
    if (!context.quiet || !report.proven()) PrintLine(DescribeVerify(report, context.verbose));
    if (report.error) PrintError(*report.error);
  }
  if (context.json) PrintAnswer(context, {{"tables", std::move(tables)}}, code.Value(context));
  return code.Value(context);
}

}  // namespace sluice::cli
