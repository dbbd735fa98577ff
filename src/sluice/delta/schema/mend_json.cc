#include "sluice/delta/schema/mend_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace sluice::delta {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The length of the UTF-8 sequence at the front; 0 if there is none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond the last code point.
  const bool bad = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                   (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
  return bad ? 0 : length;
}

// The code unit of "\\uXXXX" at the front.
std::optional<unsigned> EscapedUnit(std::string_view text) {
  constexpr size_t kLength = 6;
  if (text.size() < kLength || !text.starts_with("\\u")) return std::nullopt;
  unsigned unit = 0;
  const char* const end = text.data() + kLength;
  const auto parsed = std::from_chars(text.data() + 2, end, unit, 16);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(unit) : std::nullopt;
}

bool IsHigh(unsigned unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLow(unsigned unit) { return unit >= 0xdc00 && unit < 0xe000; }

class Mender {
 public:
  explicit Mender(std::string_view json) : rest_(json) { out_.text.reserve(json.size() + 16); }

  MendedJson Run() && {
    while (!rest_.empty()) {
      if (in_string_) {
        TakeInString();
      } else {
        TakeOutside();
      }
    }
    return std::move(out_);
  }

 private:
  void Copy(size_t length) {
    out_.text += rest_.substr(0, length);
    rest_.remove_prefix(length);
  }

  void Replace(size_t length, std::string_view by) {
    out_.text += by;
    out_.changed = true;
    rest_.remove_prefix(length);
  }

  void ReplaceLetter(size_t length) {
    out_.text_replaced = true;
    Replace(length, kReplacement);
  }

  void TakeOutside() {
    constexpr std::array<std::string_view, 7> kNoNumbers = {
        "NaN", "-Infinity", "+Infinity", "Infinity", "-INF", "+INF", "INF"};
    for (const std::string_view word : kNoNumbers) {
      if (rest_.starts_with(word)) return Replace(word.size(), "null");
    }
    in_string_ = rest_.front() == '"';
    Copy(1);
  }

  void TakeInString() {
    const char c = rest_.front();
    if (c == '"') {
      in_string_ = false;
      return Copy(1);
    }
    if (c == '\\') return TakeEscape();
    if (static_cast<unsigned char>(c) < 0x20) {
      return Replace(1, fmt::format("\\u{:04x}", static_cast<unsigned>(c)));
    }
    const size_t length = Utf8Length(rest_);
    if (length == 0) return ReplaceLetter(1);
    Copy(length);
  }

  void TakeEscape() {
    constexpr size_t kUnit = 6;
    const auto unit = EscapedUnit(rest_);
    if (!unit) return Copy(std::min<size_t>(2, rest_.size()));
    if (IsLow(*unit)) return ReplaceLetter(kUnit);
    if (!IsHigh(*unit)) return Copy(kUnit);
    const auto next = EscapedUnit(rest_.substr(kUnit));
    if (!next || !IsLow(*next)) return ReplaceLetter(kUnit);
    Copy(2 * kUnit);
  }

  std::string_view rest_;
  bool in_string_ = false;
  MendedJson out_;
};

}  // namespace

MendedJson MendJson(std::string_view json) { return Mender(json).Run(); }

}  // namespace sluice::delta
