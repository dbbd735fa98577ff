#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/cli/arguments.h"
#include "sluice/cli/output.h"
#include "sluice/cli/stop_signals.h"
#include "sluice/columnar/arrow_io.h"
#include "sluice/runtime/log.h"

namespace {

using namespace sluice;

/// What was printed may still lie in a buffer; a full disk shows only now. A reader that went away is no
/// failure of ours.
int CloseOutput(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (errno == EPIPE) return code;
  std::fprintf(stderr, "error: the output could not be written: %s\n", std::strerror(errno));
  return code == cli::kExitOk ? cli::kExitFailed : code;
}

int Run(const std::vector<std::string>& arguments) {
  auto parsed = cli::ParseArguments(arguments);
  if (!parsed) {
    cli::Context context;
    context.json = cli::AsksForJson(arguments);
    return cli::Report(parsed.error(), context);
  }
  if (const auto* help = std::get_if<cli::HelpText>(&*parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return cli::kExitOk;
  }
  const auto& invocation = std::get<cli::Invocation>(*parsed);
  const cli::Context& context = invocation.context;
  runtime::StartLog(context.quiet     ? runtime::Verbosity::kQuiet
                    : context.verbose ? runtime::Verbosity::kVerbose
                                      : runtime::Verbosity::kNormal);
  cli::StopOnSignals(context.cancel);
  return std::visit([&](const auto& command) { return cli::Execute(context, command); },
                    invocation.command);
}

}  // namespace

int main(int argc, char** argv) {
  columnar::ReturnFreedMemory();
  return CloseOutput(Run({argv + 1, argv + argc}));
}
