#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/cli/answer.h"
#include "sluice/cli/arguments.h"
#include "sluice/cli/load_config.h"
#include "sluice/cli/stop_signals.h"
#include "sluice/columnar/arrow_io.h"
#include "sluice/runtime/entropy.h"
#include "sluice/runtime/log.h"

namespace {

using namespace sluice;

/// What was printed may still be buffered, so a full disk shows only now. A reader that has gone away is not
/// our failure.
int CloseOutput(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  if (errno == EPIPE) return code;
  std::fprintf(stderr, "error: the output could not be written: %s\n", std::strerror(errno));
  return code == cli::kExitOk ? cli::kExitFailed : code;
}

int Run(const std::vector<std::string>& arguments) {
  auto parsed = cli::ParseArguments(arguments);
  const auto entropy = runtime::SystemEntropy();
  const std::string run_id = runtime::RandomHex16(*entropy);
  if (!parsed) {
    cli::Context context;
    context.json = cli::AsksForJson(arguments);
    context.run_id = run_id;
    return cli::Report(parsed.error(), context);
  }
  if (const auto* help = std::get_if<cli::HelpText>(&*parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return cli::kExitOk;
  }
  auto& invocation = std::get<cli::Invocation>(*parsed);
  cli::Context& context = invocation.context;
  context.run_id = run_id;
  runtime::StartLog(context.quiet     ? runtime::Verbosity::kQuiet
                    : context.verbose ? runtime::Verbosity::kVerbose
                                      : runtime::Verbosity::kNormal,
                    run_id);
  cli::StopOnSignals(context.cancel);
  if (!std::holds_alternative<cli::InitCommand>(invocation.command)) {
    if (const auto code = cli::ReadConfigInto(context)) return *code;
  }
  return std::visit([&](const auto& command) { return cli::Execute(context, command); },
                    invocation.command);
}

}  // namespace

int main(int argc, char** argv) {
  columnar::ReturnFreedMemory();
  return CloseOutput(Run({argv + 1, argv + argc}));
}
