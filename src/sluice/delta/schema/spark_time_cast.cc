#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <tuple>

#include "sluice/delta/schema/spark_cast.h"

namespace sluice::delta {
namespace {

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
  text = TrimForCast(text);
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

bool IsTimeOfDay(const std::array<int64_t, 7>& v) { return v[3] <= 23 && v[4] <= 59 && v[5] <= 59; }

// A name that some edition of the zone database may know.
bool IsRegion(std::string_view name) {
  return name.find('/') != std::string_view::npos &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("/_-+~.").find(c) != std::string_view::npos;
         });
}

/// As DateTimeUtils.getZoneId: "+8:0" and the like are completed before java.time sees them.
std::optional<TimeZone> ParseZone(std::string_view text) {
  const std::string_view trimmed = TrimForCast(text);
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

// The zone that a time names; nullopt where Java knows none of that name either.
Result<std::optional<TimeZone>> NamedZone(std::string_view text) {
  auto zone = ParseZone(text);
  const std::string_view name = TrimForCast(text);
  if (!zone && IsRegion(name)) {
    return Fail(ErrorKind::kUnsupported, "time zone '{}' is not known here", name);
  }
  return zone;
}

CivilTime ToCivil(const Segments& parsed) {
  const auto& v = parsed.value;
  CivilTime civil;
  civil.year = parsed.negative_year ? -v[0] : v[0];
  civil.month = static_cast<int>(v[1]);
  civil.day = static_cast<int>(v[2]);
  civil.hour = static_cast<int>(v[3]);
  civil.minute = static_cast<int>(v[4]);
  civil.second = static_cast<int>(v[5]);
  civil.micros = static_cast<int>(v[6]);
  return civil;
}

// The instant of a wall clock reading; nullopt where a long of microseconds cannot hold it.
std::optional<Timestamp> InstantOf(const CivilTime& civil, const TimeZone& zone) {
  constexpr int64_t kFirstYear = -290'308, kLastYear = 294'247;
  if (civil.year > kLastYear || civil.year < kFirstYear) return std::nullopt;
  const Timestamp instant = zone.ToInstant(civil);
  using Limits = std::numeric_limits<int64_t>;
  if (instant.micros != Limits::max() && instant.micros != Limits::min()) return instant;
  // The ends of the range stand for what lies beyond them, too.
  const CivilTime back = zone.ToCivil(instant);
  const auto parts = [](const CivilTime& t) {
    return std::tuple(t.year, t.month, t.day, t.hour, t.minute, t.second, t.micros);
  };
  const bool exact = parts(back) == parts(civil);
  return exact ? std::optional(instant) : std::nullopt;
}

}  // namespace

std::optional<int32_t> CastToDate(std::string_view text) {
  text = TrimForCast(text);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::array<int64_t, 3> part{1, 1, 1};
  size_t i = 0, digits = 0, j = 0;
  int64_t current = 0;
  const auto is_valid = [&] {
    return i == 0 ? digits >= 4 && digits <= 7 : digits >= 1 && digits <= 2;
  };
  for (; j < text.size() && text[j] != ' ' && text[j] != 'T'; ++j) {
    if (i < 2 && text[j] == '-') {
      if (!is_valid()) return std::nullopt;
      part[i++] = current;
      current = 0;
      digits = 0;
    } else if (text[j] >= '0' && text[j] <= '9' && digits < 7) {
      current = current * 10 + (text[j] - '0');
      ++digits;
    } else {
      return std::nullopt;
    }
  }
  if (!is_valid() || (i < 2 && j < text.size())) return std::nullopt;
  part[i] = current;
  const int64_t year = negative ? -part[0] : part[0];
  if (!IsDate(year, part[1], part[2])) return std::nullopt;
  const int64_t days = DaysFromCivil(year, static_cast<int>(part[1]), static_cast<int>(part[2]));
  using Limits = std::numeric_limits<int32_t>;
  if (days < Limits::min() || days > Limits::max()) return std::nullopt;
  return static_cast<int32_t>(days);
}

Result<std::optional<Timestamp>> CastToTimestamp(std::string_view text, const TimeZone& zone) {
  using Instant = std::optional<Timestamp>;
  const auto parsed = ParseSegments(text);
  if (!parsed || !IsTimeOfDay(parsed->value)) return Instant();
  if (parsed->just_time) {
    return Fail(ErrorKind::kUnsupported, "'{}' has no date, and Spark takes the day it is read",
                text);
  }
  const CivilTime civil = ToCivil(*parsed);
  if (!IsDate(civil.year, civil.month, civil.day)) return Instant();
  if (!parsed->zone) return InstantOf(civil, zone);
  SLUICE_ASSIGN_OR_RETURN(const auto named, NamedZone(*parsed->zone));
  return named ? InstantOf(civil, *named) : Instant();
}

Result<std::optional<int64_t>> CastToTimestampNtz(std::string_view text) {
  using Micros = std::optional<int64_t>;
  const auto parsed = ParseSegments(text);
  if (!parsed || parsed->just_time || !IsTimeOfDay(parsed->value)) return Micros();
  const CivilTime civil = ToCivil(*parsed);
  if (!IsDate(civil.year, civil.month, civil.day)) return Micros();
  if (parsed->zone) {
    SLUICE_ASSIGN_OR_RETURN(const auto named, NamedZone(*parsed->zone));
    if (!named) return Micros();
  }
  const auto instant = InstantOf(civil, TimeZone::Utc());
  return instant ? Micros(instant->micros) : Micros();
}

}  // namespace sluice::delta
