#include "sluice/config/environment.h"

#include <cstdlib>

#include "sluice/runtime/log.h"

namespace sluice::config {

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    runtime::RegisterExpansion(name, value);
    return std::string(value);
  };
}

}  // namespace sluice::config
