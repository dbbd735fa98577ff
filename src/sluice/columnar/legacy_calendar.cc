#include "sluice/columnar/legacy_calendar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <string_view>

namespace sluice::columnar {
namespace {

constexpr int64_t kMicrosPerDay = int64_t{86'400} * 1'000'000;
constexpr int64_t kMicrosPerMinute = int64_t{60} * 1'000'000;
constexpr int64_t kGregorianStart = -141'427;             // 1582-10-15
constexpr int64_t kClocksAgree = -2'208'988'800'000'000;  // 1900-01-01T00:00:00Z

constexpr int64_t FloorDivide(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// Days since 1970-01-01 of the first of a month, years counted from 1 March 0000; Gregorian.
constexpr int64_t GregorianFirst(int64_t march_year, int64_t march_month) {
  constexpr int64_t kToEpoch = 719'468;
  return march_year * 365 + FloorDivide(march_year, 4) - FloorDivide(march_year, 100) +
         FloorDivide(march_year, 400) + (153 * march_month + 2) / 5 - kToEpoch;
}

// The offset of a zone that java.util.TimeZone knows as a fixed one; any text that it does not know is
// GMT to it, "+08:00" included. nullopt for a zone with a history.
std::optional<int64_t> FixedOffsetMicros(std::string_view zone) {
  constexpr std::array<std::string_view, 14> kUtc = {
      "",     "UTC",      "GMT",       "Etc/UTC", "Etc/GMT",  "UCT",       "Etc/UCT",
      "Zulu", "Etc/Zulu", "Universal", "GMT0",    "Etc/GMT0", "Greenwich", "Etc/Universal"};
  if (std::find(kUtc.begin(), kUtc.end(), zone) != kUtc.end() || zone == "Z") return 0;
  constexpr std::string_view kEtc = "Etc/GMT", kGmt = "GMT";
  const bool etc = zone.starts_with(kEtc);
  if (!etc && !zone.starts_with(kGmt)) {
    // Names begin with a letter and have no colon.
    const bool named = std::isalpha(static_cast<unsigned char>(zone[0])) != 0 &&
                       zone.find(':') == std::string_view::npos && !zone.starts_with("UTC");
    return named ? std::nullopt : std::optional<int64_t>(0);
  }
  std::string_view rest = zone.substr(etc ? kEtc.size() : kGmt.size());
  if (rest.size() < 2 || (rest[0] != '+' && rest[0] != '-')) return std::nullopt;
  const bool minus = rest[0] == '-';
  rest.remove_prefix(1);
  int64_t hours = 0, minutes = 0;
  const size_t colon = rest.find(':');
  const auto number = [](std::string_view text, int64_t& out) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    return !text.empty() && text.size() <= 2 && read.ptr == text.data() + text.size() && out >= 0;
  };
  if (!number(rest.substr(0, colon), hours)) return std::nullopt;
  if (colon != std::string_view::npos && (etc || !number(rest.substr(colon + 1), minutes))) {
    return std::nullopt;
  }
  const int64_t offset = (hours * 60 + minutes) * kMicrosPerMinute;
  return minus != etc ? -offset : offset;  // POSIX counts westwards
}

}  // namespace

FileCalendar ReadFileCalendar(const std::map<std::string, std::string>& key_values) {
  constexpr const char* kVersion = "org.apache.spark.version";
  constexpr const char* kDates = "org.apache.spark.legacyDateTime";
  constexpr const char* kInt96 = "org.apache.spark.legacyINT96";
  constexpr const char* kZone = "org.apache.spark.timeZone";
  FileCalendar calendar;
  const auto version = key_values.find(kVersion);
  if (version == key_values.end()) return calendar;
  const auto mark = [&](const char* key, const char* first_good) -> std::string {
    if (key_values.contains(key)) return key;
    // As texts, which is how Spark compares them.
    return version->second < first_good ? fmt::format("{} {}", kVersion, version->second)
                                        : std::string();
  };
  calendar.dates_mark = mark(kDates, "3.0.0");
  calendar.int96_mark = mark(kInt96, "3.1.0");
  if (const auto zone = key_values.find(kZone); zone != key_values.end()) {
    calendar.zone = zone->second;
    calendar.offset_micros = FixedOffsetMicros(calendar.zone);
  }
  return calendar;
}

int64_t GregorianDay(int64_t hybrid_day) {
  if (hybrid_day >= kGregorianStart) return hybrid_day;
  // Civil date of the Julian calendar, years from 1 March; a leap day ends its year.
  constexpr int64_t kJulianToEpoch = 719'470;
  constexpr int64_t kDaysOfFourYears = 1461;
  const int64_t day = hybrid_day + kJulianToEpoch;
  const int64_t cycle = FloorDivide(day, kDaysOfFourYears);
  const int64_t day_of_cycle = day - cycle * kDaysOfFourYears;
  const int64_t year_of_cycle = std::min<int64_t>(day_of_cycle / 365, 3);
  const int64_t day_of_year = day_of_cycle - year_of_cycle * 365;
  const int64_t month = (5 * day_of_year + 2) / 153;
  const int64_t day_of_month = day_of_year - (153 * month + 2) / 5;
  // 1000-02-29, which the Gregorian calendar lacks, becomes 1000-03-01.
  return GregorianFirst(cycle * 4 + year_of_cycle, month) + day_of_month;
}

std::optional<int64_t> GregorianMicros(int64_t hybrid_micros, const FileCalendar& calendar) {
  if (hybrid_micros >= kClocksAgree) return hybrid_micros;
  int64_t local = 0, gregorian = 0;
  if (!calendar.offset_micros ||
      __builtin_add_overflow(hybrid_micros, *calendar.offset_micros, &local)) {
    return std::nullopt;
  }
  const int64_t day = FloorDivide(local, kMicrosPerDay);
  if (__builtin_add_overflow(hybrid_micros, (GregorianDay(day) - day) * kMicrosPerDay,
                             &gregorian)) {
    return std::nullopt;
  }
  return gregorian;
}

}  // namespace sluice::columnar
