#include "sluice/plan/spark_timestamp.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <string>

namespace sluice::plan {
namespace {

constexpr int64_t kDayMicros = 86'400'000'000;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

/// As UTF8String.trimAll: white space and ISO control characters at both ends.
std::string_view TrimAll(std::string_view text) {
  const auto blank = [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u <= 0x20 || u == 0x7f;
  };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The nine fields that Spark collects: year, month, day, hour, minute, second, fraction and (unused
/// here) the zone.
struct Segments {
  std::array<int64_t, 7> value{1, 1, 1, 0, 0, 0, 0};
  bool just_time = false;
  bool negative_year = false;
  std::optional<std::string_view> zone;
};

bool IsValidDigits(int segment, int digits) {
  // The year has 4 to 6 digits; a fraction any number, also none; all other parts one or two.
  if (segment == 6) return true;
  if (segment == 0) return digits >= 4 && digits <= 6;
  return digits >= 1 && digits <= 2;
}

/// Follows the automaton of SparkDateTimeUtils.parseTimestampString.
std::optional<Segments> ParseSegments(std::string_view text) {
  text = TrimAll(text);
  if (text.empty()) return std::nullopt;
  Segments out;
  size_t j = 0;
  if (text[0] == '-' || text[0] == '+') {
    out.negative_year = text[0] == '-';
    j = 1;
  }
  int i = 0;
  int64_t current = 0;
  int digits = 0, fraction_digits = 0;
  const auto close = [&](int segment) {
    if (!IsValidDigits(segment, digits)) return false;
    out.value[static_cast<size_t>(segment)] = current;
    current = 0;
    digits = 0;
    return true;
  };
  for (; j < text.size(); ++j) {
    const char b = text[j];
    if (b >= '0' && b <= '9') {
      if (i == 6) {
        if (fraction_digits < 6) {
          current = current * 10 + (b - '0');
          ++fraction_digits;
        }
      } else {
        current = current * 10 + (b - '0');
        if (digits >= 6) return std::nullopt;
      }
      ++digits;
      continue;
    }
    if (j == 0 && b == 'T') {
      out.just_time = true;
      i = 3;
    } else if (i < 2) {
      if (b == '-') {
        if (!close(i)) return std::nullopt;
        ++i;
      } else if (i == 0 && b == ':' && !out.negative_year && (text[0] != '+')) {
        out.just_time = true;
        if (!IsValidDigits(3, digits)) return std::nullopt;
        out.value[3] = current;
        current = 0;
        digits = 0;
        i = 4;
      } else {
        return std::nullopt;
      }
    } else if (i == 2) {
      if (b != ' ' && b != 'T') return std::nullopt;
      if (!close(i)) return std::nullopt;
      ++i;
    } else if (i == 3 || i == 4) {
      if (b != ':') return std::nullopt;
      if (!close(i)) return std::nullopt;
      ++i;
    } else if (b == '.' && i == 5) {
      if (!close(i)) return std::nullopt;
      ++i;
    } else {
      if (!close(i)) return std::nullopt;
      ++i;
      out.zone = text.substr(j);
      break;
    }
  }
  if (!out.zone) {
    if (i > 6 || !close(i)) return std::nullopt;
  }
  for (; fraction_digits < 6; ++fraction_digits) out.value[6] *= 10;
  return out;
}

/// As DateTimeUtils.getZoneId: "+8:0" and the like are completed before java.time sees them.
std::optional<TimeZone> ParseZone(std::string_view text) {
  const std::string_view trimmed = TrimAll(text);
  std::string name(trimmed);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const size_t sign = name.find_first_of("+-");
  if (sign != std::string::npos &&
      (sign == 0 || name.substr(0, sign) == "UTC" || name.substr(0, sign) == "GMT" ||
       name.substr(0, sign) == "UT")) {
    const std::string offset = name.substr(sign + 1);
    const size_t colon = offset.find(':');
    std::string hours = offset.substr(0, colon);
    std::string rest = colon == std::string::npos ? "" : offset.substr(colon + 1);
    const bool simple =
        std::all_of(hours.begin(), hours.end(), is_digit) && hours.size() <= 2 && !hours.empty();
    if (simple) {
      if (hours.size() == 1) hours.insert(hours.begin(), '0');
      if (rest.size() == 1 && is_digit(rest[0])) rest.insert(rest.begin(), '0');
      name = name.substr(0, sign + 1) + hours + (colon == std::string::npos ? "" : ":" + rest);
    }
  }
  auto zone = TimeZone::Find(name);
  if (!zone) return std::nullopt;
  return *zone;
}

bool IsLeapYear(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

bool IsDate(int64_t year, int64_t month, int64_t day) {
  static constexpr std::array<int64_t, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= kDays[static_cast<size_t>(month - 1)] + (month == 2 && IsLeapYear(year) ? 1 : 0);
}

std::string FormatYear(int64_t year) {
  // 'yyyy' is the year of the era, with a sign once it needs more than four digits.
  const int64_t of_era = year > 0 ? year : 1 - year;
  return of_era > 9999 ? fmt::format("+{}", of_era) : fmt::format("{:04}", of_era);
}

}  // namespace

std::optional<Timestamp> CastStringToTimestamp(std::string_view text, const TimeZone& zone) {
  const auto parsed = ParseSegments(text);
  if (!parsed || parsed->just_time) {
    // A bare time would take today's date: no row's watermark may depend on the day it is read.
    return std::nullopt;
  }
  TimeZone in = zone;
  if (parsed->zone) {
    const auto named = ParseZone(*parsed->zone);
    if (!named) return std::nullopt;
    in = *named;
  }
  const auto& v = parsed->value;
  CivilTime civil;
  civil.year = parsed->negative_year ? -v[0] : v[0];
  if (!IsDate(civil.year, v[1], v[2]) || v[3] > 23 || v[4] > 59 || v[5] > 59) return std::nullopt;
  civil.month = static_cast<int>(v[1]);
  civil.day = static_cast<int>(v[2]);
  civil.hour = static_cast<int>(v[3]);
  civil.minute = static_cast<int>(v[4]);
  civil.second = static_cast<int>(v[5]);
  civil.micros = static_cast<int>(v[6]);
  constexpr int64_t kLastYear = 294'247;  // of a long of microseconds
  if (civil.year > kLastYear || civil.year < -290'308) return std::nullopt;
  const Timestamp instant = in.ToInstant(civil);
  using Limits = std::numeric_limits<int64_t>;
  if (instant.micros != Limits::max() && instant.micros != Limits::min()) return instant;
  // The ends of the range stand for what lies beyond them, too, and that is null for Spark.
  const CivilTime back = in.ToCivil(instant);
  const bool exact = back.micros == civil.micros && back.second == civil.second;
  return exact ? std::optional(instant) : std::nullopt;
}

Timestamp CastNtzToTimestamp(int64_t local_micros, const TimeZone& zone) {
  const int64_t days = FloorDiv(local_micros, kDayMicros);
  int64_t rest = local_micros - days * kDayMicros;
  CivilTime civil = CivilFromDays(days);
  civil.micros = static_cast<int>(rest % 1'000'000);
  rest /= 1'000'000;
  civil.hour = static_cast<int>(rest / 3'600);
  civil.minute = static_cast<int>(rest / 60 % 60);
  civil.second = static_cast<int>(rest % 60);
  return zone.ToInstant(civil);
}

Timestamp CastDateToTimestamp(int32_t days, const TimeZone& zone) { return zone.StartOfDay(days); }

std::string FormatDate(Timestamp t, const TimeZone& zone) {
  const CivilTime c = zone.ToCivil(t);
  return fmt::format("{}-{:02}-{:02}", FormatYear(c.year), c.month, c.day);
}

std::string FormatHour(Timestamp t, const TimeZone& zone) {
  return fmt::format("{:02}", zone.ToCivil(t).hour);
}

}  // namespace sluice::plan
