#include <array>
#include <charconv>
#include <utility>

#include "sluice/base/time_zone.h"

/// Times and durations as users write them.
namespace sluice {
namespace {

/// Reads a text from its front; every step fails softly.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Between `least` and `most` digits.
  bool TakeNumber(size_t least, size_t most, int64_t* value) {
    size_t n = 0;
    while (n < rest_.size() && n < most && rest_[n] >= '0' && rest_[n] <= '9') ++n;
    if (n < least) return false;
    std::from_chars(rest_.data(), rest_.data() + n, *value);
    rest_.remove_prefix(n);
    return true;
  }
  bool TakeInt(size_t digits, int* value) {
    int64_t wide = 0;
    if (!TakeNumber(digits, digits, &wide)) return false;
    *value = static_cast<int>(wide);
    return true;
  }

 private:
  std::string_view rest_;
};

bool IsLeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

bool IsValid(const CivilTime& c) {
  static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (c.month < 1 || c.month > 12 || c.day < 1) return false;
  const int days =
      kDays[static_cast<size_t>(c.month - 1)] + (c.month == 2 && IsLeapYear(c.year) ? 1 : 0);
  return c.day <= days && c.hour < 24 && c.minute < 60 && c.second < 60;
}

bool TakeDate(Cursor& in, CivilTime& civil) {
  int64_t sign = 1;
  size_t most = 4;
  if (in.Take('-')) {
    sign = -1;
    most = 6;
  } else if (in.Take('+')) {
    most = 6;
  }
  if (!in.TakeNumber(4, most, &civil.year)) return false;
  civil.year *= sign;
  return in.Take('-') && in.TakeInt(2, &civil.month) && in.Take('-') && in.TakeInt(2, &civil.day);
}

bool TakeClock(Cursor& in, CivilTime& civil) {
  if (!in.TakeInt(2, &civil.hour) || !in.Take(':') || !in.TakeInt(2, &civil.minute)) return false;
  if (!in.Take(':')) return true;
  if (!in.TakeInt(2, &civil.second)) return false;
  if (!in.Take('.')) return true;
  const std::string_view before = in.rest();
  int64_t fraction = 0;
  if (!in.TakeNumber(1, 6, &fraction)) return false;
  for (size_t n = before.size() - in.rest().size(); n < 6; ++n) fraction *= 10;
  civil.micros = static_cast<int>(fraction);
  return true;
}

struct Unit {
  std::string_view name;
  int64_t micros;
};
constexpr std::array<Unit, 7> kUnits{{{"w", 7 * 86'400'000'000},
                                      {"d", 86'400'000'000},
                                      {"h", 3'600'000'000},
                                      {"m", 60'000'000},
                                      {"s", 1'000'000},
                                      {"ms", 1'000},
                                      {"us", 1}}};

/// Of a count in a duration; so many always fit.
constexpr size_t kMostDigits = 18;

}  // namespace

Result<Timestamp> ParseTimestamp(std::string_view text, const TimeZone& zone) {
  const auto wrong = [&] {
    return Fail(Error{ErrorKind::kUsage, fmt::format("'{}' is not a time", text),
                      "write it like 2026-01-31T09:00:00Z, 2026-01-31 09:00 or 2026-01-31"});
  };
  Cursor in(text);
  CivilTime civil;
  if (!TakeDate(in, civil)) return wrong();
  if (!in.done() && (in.Take('T') || in.Take(' '))) {
    if (!TakeClock(in, civil)) return wrong();
  }
  if (!IsValid(civil)) return wrong();
  while (in.Take(' ')) {
  }
  if (in.done()) return zone.ToInstant(civil);
  if (in.Take('Z') && in.done()) return TimeZone::Utc().ToInstant(civil);
  const auto offset = TimeZone::Find(in.rest());
  const bool is_offset = !in.done() && (in.rest().front() == '+' || in.rest().front() == '-');
  if (!is_offset || !offset) return wrong();
  return offset->ToInstant(civil);
}

Result<Duration> ParseDuration(std::string_view text) {
  const auto wrong = [&] {
    return Fail(Error{ErrorKind::kUsage, fmt::format("'{}' is not a duration", text),
                      "write it like 90s, 15m, 36h, 60d, 2w or 1h30m"});
  };
  if (text == "0") return Duration{0};
  Cursor in(text);
  int64_t total = 0;
  if (in.done()) return wrong();
  while (!in.done()) {
    int64_t count = 0;
    if (!in.TakeNumber(1, kMostDigits, &count)) return wrong();
    std::string_view rest = in.rest();
    size_t n = 0;
    while (n < rest.size() && rest[n] >= 'a' && rest[n] <= 'z') ++n;
    const std::string_view name = rest.substr(0, n);
    const Unit* unit = nullptr;
    for (const auto& known : kUnits) {
      if (known.name == name) unit = &known;
    }
    int64_t part = 0;
    if (unit == nullptr || __builtin_mul_overflow(count, unit->micros, &part) ||
        __builtin_add_overflow(total, part, &total)) {
      return wrong();
    }
    for (size_t i = 0; i < n; ++i) in.Take(rest[i]);
  }
  return Duration{total};
}

std::string FormatDuration(Duration d) {
  if (d.micros == 0) return "0";
  if (d.micros < 0) return "-" + FormatDuration(Duration{-d.micros});
  std::string text;
  int64_t rest = d.micros;
  for (const auto& unit : kUnits) {
    const int64_t count = rest / unit.micros;
    if (count == 0) continue;
    text += fmt::format("{}{}", count, unit.name);
    rest -= count * unit.micros;
  }
  // "36h" and "60d" rather than "1d12h" and "8w4d".
  for (const auto& unit : kUnits) {
    if (d.micros % unit.micros != 0) continue;
    const std::string count = fmt::format("{}", d.micros / unit.micros);
    if (count.size() > kMostDigits || count.size() + unit.name.size() >= text.size()) continue;
    text = count + std::string(unit.name);
  }
  return text;
}

}  // namespace sluice
