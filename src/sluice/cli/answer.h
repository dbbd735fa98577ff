#pragma once

#include <string>
#include <vector>

#include "sluice/cli/command.h"
#include "sluice/cli/output.h"
#include "sluice/config/mistake.h"

/// What is the same in the answers of all commands: docs/json.md.
namespace sluice::cli {

/// Prints the one JSON document of a command: the keys that every command has, then those of `answer`, which
/// may also set `notes` and `error`.
void PrintAnswer(const Context& context, const Json& answer, int exit_code);

/// Prints everything that is wrong with a config: one mistake a line, or as JSON. Returns the exit code.
int ReportMistakes(const Context& context, const std::vector<config::Mistake>& mistakes);

/// One sentence for each key that has no effect in this version, for all keys of `tables` and those of the
/// whole config.
std::vector<std::string> DescribeIdleKeys(const config::Config& config,
                                          const std::vector<const config::Table*>& tables);

}  // namespace sluice::cli
