#pragma once

#include <string_view>

namespace sluice::delta {

/// What to do about a table whose metadata is wrong as it was written: no file is damaged.
inline constexpr std::string_view kWrongMetadataRemedy =
    "correct the table's metadata with the program that wrote it, or export a copy of the table "
    "(CREATE TABLE ... AS SELECT); nothing of it was exported";

}  // namespace sluice::delta
