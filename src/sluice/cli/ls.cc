#include <utility>

#include "sluice/cli/answer.h"
#include "sluice/cli/command.h"
#include "sluice/cli/list_text.h"
#include "sluice/cli/output.h"

namespace sluice::cli {

int Execute(const Context& context, const ListCommand& command) {
  const auto selection = LoadAndSelect(
      context, command.name.empty() ? std::vector<std::string>{} : std::vector{command.name});
  if (!selection) return Report(selection.error(), context);
  exporter::ListingOptions options;
  if (!command.name.empty()) options.tables = selection->tables;
  const auto objects = exporter::ListDestination(selection->loaded.services, options);
  if (!objects) return Report(objects.error(), context);
  const auto faults = FaultsOf(*objects);
  const int code = faults ? ExitCodeOf(*faults, context) : kExitOk;
  if (context.json) {
    Json document = ToJson(*objects);
    document["destination"] = selection->loaded.config->destination.url;
    document["error"] = faults ? cli::ToJson(*faults) : Json(nullptr);
    PrintAnswer(context, document, code);
  } else {
    const std::string text = DescribeListing(*objects, {command.recursive, command.human_readable,
                                                        command.summarize, !command.name.empty()});
    if (!text.empty() && !context.quiet) PrintTable(text);
    if (faults) PrintError(*faults);
  }
  return code;
}

}  // namespace sluice::cli
