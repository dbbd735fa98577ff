#include "sluice/delta/read/z85.h"

#include <limits>

namespace sluice::delta {
namespace {

constexpr std::string_view kAlphabet =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

}  // namespace

Result<std::vector<uint8_t>> DecodeZ85(std::string_view text) {
  if (text.size() % 5 != 0) {
    return Fail(ErrorKind::kCorrupt, "{} characters are no Z85", text.size());
  }
  std::vector<uint8_t> bytes;
  bytes.reserve(text.size() / 5 * 4);
  for (size_t i = 0; i < text.size(); i += 5) {
    uint64_t value = 0;
    for (const char c : text.substr(i, 5)) {
      const size_t digit = kAlphabet.find(c);
      if (digit == std::string_view::npos) {
        return Fail(ErrorKind::kCorrupt, "byte {:#04x} is not Z85", static_cast<uint8_t>(c));
      }
      value = value * 85 + digit;
    }
    if (value > std::numeric_limits<uint32_t>::max()) {
      return Fail(ErrorKind::kCorrupt, "'{}' is not Z85: too large", text.substr(i, 5));
    }
    for (int shift = 24; shift >= 0; shift -= 8) {
      bytes.push_back(static_cast<uint8_t>(value >> shift));
    }
  }
  return bytes;
}

}  // namespace sluice::delta
