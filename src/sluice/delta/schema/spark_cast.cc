#include "sluice/delta/schema/spark_cast.h"

#include <arrow/util/decimal.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>

namespace sluice::delta {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A sign at the front, which it takes away; true for '-'.
bool TakeSign(std::string_view& text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  return negative;
}

std::string_view TakeDigits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
  const std::string_view digits = text.substr(0, static_cast<size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

tl::unexpected<Error> NotReadHere(std::string_view text, std::string_view what) {
  return Fail(ErrorKind::kUnsupported, "'{}' is {}, which Spark reads and this program does not",
              text, what);
}

// A number as Java's parsers split it: digits, a fraction, an exponent.
struct Number {
  bool negative = false;
  std::string digits;    // of the integer and the fraction, no leading zeros
  int64_t exponent = 0;  // the value is digits * 10^exponent
};

// The exponent of "e+5", taken from the front; 0 where there is none, nullopt where it is broken.
std::optional<int64_t> TakeExponent(std::string_view& text) {
  if (!text.starts_with('e') && !text.starts_with('E')) return 0;
  text.remove_prefix(1);
  const bool negative = TakeSign(text);
  std::string_view digits = TakeDigits(text);
  if (digits.empty()) return std::nullopt;
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  constexpr size_t kMostDigits = 15;  // far beyond what any type holds
  int64_t value = 999'999'999'999'999;
  if (digits.empty()) {
    value = 0;
  } else if (digits.size() <= kMostDigits) {
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
  }
  return negative ? -value : value;
}

// Takes a decimal number from the front; what is left is a suffix.
std::optional<Number> TakeNumber(std::string_view& text) {
  Number number;
  number.negative = TakeSign(text);
  number.digits = TakeDigits(text);
  bool any = !number.digits.empty();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const std::string_view fraction = TakeDigits(text);
    any = any || !fraction.empty();
    number.digits += fraction;
    number.exponent = -static_cast<int64_t>(fraction.size());
  }
  if (!any) return std::nullopt;
  const auto exponent = TakeExponent(text);
  if (!exponent) return std::nullopt;
  number.exponent += *exponent;
  number.digits.erase(0, std::min(number.digits.find_first_not_of('0'), number.digits.size()));
  return number;
}

// What Java's parser of floating point refuses and Spark reads all the same.
template <typename Real>
std::optional<Real> SpecialReal(std::string_view text) {
  using Limits = std::numeric_limits<Real>;
  const std::string word = LowerAscii(text);
  if (word == "nan") return Limits::quiet_NaN();
  if (word == "inf" || word == "+inf" || word == "infinity" || word == "+infinity") {
    return Limits::infinity();
  }
  if (word == "-inf" || word == "-infinity") return -Limits::infinity();
  if (text == "+NaN" || text == "-NaN") return Limits::quiet_NaN();
  return std::nullopt;
}

bool IsHexReal(std::string_view text) {
  TakeSign(text);
  return (text.starts_with("0x") || text.starts_with("0X")) &&
         text.find_first_of("pP") != std::string_view::npos;
}

template <typename Real>
Result<std::optional<Real>> CastToReal(std::string_view text,
                                       Real (*convert)(const char*, char**)) {
  text = TrimForCast(text);
  if (auto special = SpecialReal<Real>(text)) return special;
  if (IsHexReal(text)) return NotReadHere(text, "a hexadecimal number");
  std::string_view rest = text;
  if (!TakeNumber(rest)) return std::optional<Real>();
  const std::string number(text.substr(0, text.size() - rest.size()));
  const bool has_suffix = rest == "d" || rest == "D" || rest == "f" || rest == "F";
  if (!rest.empty() && !has_suffix) return std::optional<Real>();
  return std::optional<Real>(convert(number.c_str(), nullptr));
}

// Cuts `digits` so many places shorter, rounding half up.
std::string RoundedTo(std::string digits, int64_t cut) {
  if (cut <= 0) return digits;
  if (cut > static_cast<int64_t>(digits.size())) return "0";
  const size_t kept = digits.size() - static_cast<size_t>(cut);
  const bool up = digits[kept] >= '5';
  digits.resize(kept);
  digits.insert(digits.begin(), '0');
  for (size_t i = digits.size(); up && i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      break;
    }
    digits[i] = '0';
  }
  return digits;
}

}  // namespace

std::string_view TrimForCast(std::string_view text) {
  const auto blank = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7f;
  };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<bool> CastToBoolean(std::string_view text) {
  const std::string word = LowerAscii(TrimForCast(text));
  for (const char* yes : {"t", "true", "y", "yes", "1"}) {
    if (word == yes) return true;
  }
  for (const char* no : {"f", "false", "n", "no", "0"}) {
    if (word == no) return false;
  }
  return std::nullopt;
}

std::optional<int64_t> CastToInteger(std::string_view text, int bits) {
  text = TrimForCast(text);
  const bool signed_text = text.starts_with('-') || text.starts_with('+');
  const bool negative = TakeSign(text);
  if (text.empty()) return std::nullopt;
  std::string_view digits = TakeDigits(text);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    TakeDigits(text);
  } else if (digits.empty()) {
    return std::nullopt;
  }
  if (!text.empty()) return std::nullopt;
  const std::string number = (signed_text && negative ? "-0" : "0") + std::string(digits);
  int64_t value = 0;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  const int64_t most = std::numeric_limits<int64_t>::max() >> (64 - bits);
  if (value > most || value < -most - 1) return std::nullopt;
  return value;
}

Result<std::optional<double>> CastToDouble(std::string_view text) {
  return CastToReal<double>(text, std::strtod);
}

Result<std::optional<float>> CastToFloat(std::string_view text) {
  return CastToReal<float>(text, std::strtof);
}

Result<std::optional<arrow::Decimal128>> CastToDecimal(std::string_view text, int precision,
                                                       int scale) {
  using Decimal = std::optional<arrow::Decimal128>;
  constexpr int64_t kMostDigits = 38;
  constexpr int64_t kMostExponent = std::numeric_limits<int32_t>::max();
  text = TrimForCast(text);
  // Java counts digits of every script.
  if (std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; })) {
    return NotReadHere(text, "text with letters or digits outside ASCII");
  }
  const auto number = TakeNumber(text);
  if (!number || !text.empty() || std::abs(number->exponent) > kMostExponent) return Decimal();
  const auto digits = static_cast<int64_t>(std::max<size_t>(number->digits.size(), 1));
  if (digits + number->exponent > kMostDigits) return Decimal();
  std::string unscaled = number->digits.empty() ? "0" : number->digits;
  const int64_t shift = number->exponent + scale;
  if (shift > 0) unscaled.append(static_cast<size_t>(shift), '0');
  unscaled = RoundedTo(std::move(unscaled), -shift);
  unscaled.erase(0, std::min(unscaled.find_first_not_of('0'), unscaled.size()));
  if (static_cast<int64_t>(unscaled.size()) > precision) return Decimal();
  if (unscaled.empty()) return Decimal(arrow::Decimal128(0));
  const auto value = arrow::Decimal128::FromString(unscaled);
  if (!value.ok()) return Decimal();
  return Decimal(number->negative ? arrow::Decimal128(-*value) : *value);
}

}  // namespace sluice::delta
