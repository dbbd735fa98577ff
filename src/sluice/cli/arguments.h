#pragma once

#include <string>
#include <variant>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/cli/command.h"

namespace sluice::cli {

/// A command to execute and the global flags it came with.
struct Invocation {
  Context context;
  Command command;
};

/// What `--help` and `--version` print.
struct HelpText {
  std::string text;
};

using Parsed = std::variant<Invocation, HelpText>;

/// Parses a command line without its program name. Global flags go before or after the command. kUsage
/// names the nearest command or flag where one is misspelt. Pure: nothing is opened or printed.
Result<Parsed> ParseArguments(const std::vector<std::string>& arguments);

/// Whether a command line asks for JSON, even if it cannot be parsed.
bool AsksForJson(const std::vector<std::string>& arguments);

}  // namespace sluice::cli
