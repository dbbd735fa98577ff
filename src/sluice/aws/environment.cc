#include "sluice/aws/environment.h"

#include <cstdlib>

namespace sluice::aws {

std::optional<std::string> FirstOfEnvironment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return std::nullopt;
}

}  // namespace sluice::aws
