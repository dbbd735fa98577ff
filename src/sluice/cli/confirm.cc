#include "sluice/cli/confirm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "sluice/cli/output.h"
#include "sluice/cli/terminal.h"

namespace sluice::cli {

Status Confirm(const Context& context, bool yes, const std::string& consequence) {
  if (yes) return {};
  const bool can_ask = !context.json && isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
  if (!can_ask) {
    return Fail(Error{ErrorKind::kUsage, consequence, "add --yes to do it; nothing was changed"});
  }
  fmt::print(stderr, "{}\nGo on? [y/N] ", Wrap(consequence, ErrorColumns()));
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return Fail(Error{ErrorKind::kUsage, "nothing was changed", "answer y, or add --yes"});
}

}  // namespace sluice::cli
