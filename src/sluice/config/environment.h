#pragma once

#include <functional>
#include <optional>
#include <string>

namespace sluice::config {

/// Looks up an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// The variables of this process. A value that was looked up is shown by its name in every error.
Environment ProcessEnvironment();

}  // namespace sluice::config
