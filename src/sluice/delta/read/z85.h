#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::delta {

/// Decodes Z85 (https://rfc.zeromq.org/spec/32): five characters are four bytes. kCorrupt for other
/// lengths and characters.
Result<std::vector<uint8_t>> DecodeZ85(std::string_view text);

}  // namespace sluice::delta
