#pragma once

#include <string>
#include <string_view>

namespace sluice::delta {

struct MendedJson {
  std::string text;
  bool changed = false;        ///< anything at all
  bool text_replaced = false;  ///< letters of a string, by U+FFFD
};

/// `json` without what lenient writers and readers let pass: NaN and infinities outside strings become null;
/// inside strings halves of surrogate pairs and bytes that are not UTF-8 become U+FFFD, control characters are
/// escaped. Other faults stay.
MendedJson MendJson(std::string_view json);

}  // namespace sluice::delta
