#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Numbers as people read them.
namespace sluice {

std::string HumanBytes(int64_t bytes);  ///< "12.3 MiB"
std::string HumanCount(int64_t count);  ///< "1,234,567"
/// "1 file", "2 files"
std::string Plural(int64_t count, std::string_view noun);

}  // namespace sluice
