#pragma once

#include <string>
#include <vector>

#include "sluice/cli/command.h"
#include "sluice/cli/output.h"

/// What is the same in the answers of all commands: docs/json.md.
namespace sluice::cli {

/// Prints the one JSON document of a command: the keys that every command has, then those of `answer`, which
/// may also set `notes` and `error`.
void PrintAnswer(const Context& context, const Json& answer, int exit_code);

/// Prints an error (stderr, or as the one JSON document) and returns its exit code.
int Report(const Error& error, const Context& context);

/// One sentence for each key that has no effect in this version, for all keys of `tables` and those of the
/// whole config.
std::vector<std::string> DescribeIdleKeys(const config::Config& config,
                                          const std::vector<const config::Table*>& tables);

}  // namespace sluice::cli
