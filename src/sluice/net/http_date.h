#pragma once

#include <optional>
#include <string>

#include "sluice/base/types.h"

namespace sluice::net {

/// "Wed, 21 Oct 2015 07:28:00 GMT"; nullopt for text that is not a date.
std::optional<Timestamp> ParseHttpDate(const std::string& text);

}  // namespace sluice::net
