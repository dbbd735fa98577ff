#pragma once

#include <optional>

#include "sluice/cli/command.h"

namespace sluice::cli {

/// Reads the config that the context names into it. Where there are mistakes, prints all of them and returns
/// the exit code.
std::optional<int> ReadConfigInto(Context& context);

}  // namespace sluice::cli
