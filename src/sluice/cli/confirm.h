#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/cli/command.h"

namespace sluice::cli {

/// Shows `consequence` on stderr and asks whether to go on. Well where `yes` was given or answered; kUsage,
/// before anything is changed, if the user declines, or cannot be asked (no terminal, or --json).
Status Confirm(const Context& context, bool yes, const std::string& consequence);

}  // namespace sluice::cli
