#pragma once

#include <initializer_list>
#include <optional>
#include <string>

namespace sluice::aws {

/// The first of the environment variables that is set and not empty.
std::optional<std::string> FirstOfEnvironment(std::initializer_list<const char*> names);

}  // namespace sluice::aws
