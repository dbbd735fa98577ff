#include "sluice/base/time_zone.h"

#include <cctz/time_zone.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {
namespace {

constexpr int64_t kSecond = 1'000'000;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }
int64_t FloorMod(int64_t a, int64_t b) { return (a % b + b) % b; }

cctz::time_point<cctz::seconds> ToPoint(int64_t seconds) {
  return cctz::time_point<cctz::seconds>(cctz::seconds(seconds));
}

/// Seconds times a million, held at the ends of the range instead of overflowing.
Timestamp ToTimestamp(int64_t seconds, int64_t micros) {
  int64_t result = 0;
  if (__builtin_mul_overflow(seconds, kSecond, &result) ||
      __builtin_add_overflow(result, micros, &result)) {
    return Timestamp{seconds < 0 ? std::numeric_limits<int64_t>::min()
                                 : std::numeric_limits<int64_t>::max()};
  }
  return Timestamp{result};
}

/// "+05:30", "-8", "+0530", "+05:30:15" as seconds east of UTC.
std::optional<int> ParseOffset(std::string_view text) {
  if (text.size() < 2 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  std::string digits, shape;
  for (const char c : text) {
    if (c != ':' && (c < '0' || c > '9')) return std::nullopt;
    shape.push_back(c == ':' ? ':' : '0');
    if (c != ':') digits.push_back(c);
  }
  static constexpr std::array<std::string_view, 7> kShapes{"0",    "00",       "0:00",  "00:00",
                                                           "0000", "00:00:00", "000000"};
  if (std::find(kShapes.begin(), kShapes.end(), shape) == kShapes.end()) return std::nullopt;
  if (digits.size() % 2 == 1) digits.insert(digits.begin(), '0');
  digits.resize(6, '0');
  const int hours = std::stoi(digits.substr(0, 2));
  const int minutes = std::stoi(digits.substr(2, 2));
  const int seconds = std::stoi(digits.substr(4, 2));
  const int total = hours * 3600 + minutes * 60 + seconds;
  if (minutes > 59 || seconds > 59 || total > 18 * 3600) return std::nullopt;
  return sign * total;
}

std::optional<int> ParseFixedZone(std::string_view name) {
  if (name == "Z" || name == "UTC" || name == "GMT" || name == "UT") return 0;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (name.starts_with(prefix)) {
      if (const auto offset = ParseOffset(name.substr(prefix.size()))) return offset;
    }
  }
  return ParseOffset(name);
}

/// java.time.ZoneId.SHORT_IDS, which Spark takes as zones; EST, MST and HST are fixed offsets there.
std::string_view LongName(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 28> kShortIds{{
      {"EST", "-05:00"},
      {"HST", "-10:00"},
      {"MST", "-07:00"},
      {"ACT", "Australia/Darwin"},
      {"AET", "Australia/Sydney"},
      {"AGT", "America/Argentina/Buenos_Aires"},
      {"ART", "Africa/Cairo"},
      {"AST", "America/Anchorage"},
      {"BET", "America/Sao_Paulo"},
      {"BST", "Asia/Dhaka"},
      {"CAT", "Africa/Harare"},
      {"CNT", "America/St_Johns"},
      {"CST", "America/Chicago"},
      {"CTT", "Asia/Shanghai"},
      {"EAT", "Africa/Addis_Ababa"},
      {"ECT", "Europe/Paris"},
      {"IET", "America/Indiana/Indianapolis"},
      {"IST", "Asia/Kolkata"},
      {"JST", "Asia/Tokyo"},
      {"MIT", "Pacific/Apia"},
      {"NET", "Asia/Yerevan"},
      {"NST", "Pacific/Auckland"},
      {"PLT", "Asia/Karachi"},
      {"PNT", "America/Phoenix"},
      {"PRT", "America/Puerto_Rico"},
      {"PST", "America/Los_Angeles"},
      {"SST", "Pacific/Guadalcanal"},
      {"VST", "Asia/Ho_Chi_Minh"},
  }};
  for (const auto& [short_id, long_name] : kShortIds) {
    if (short_id == name) return long_name;
  }
  return name;
}

}  // namespace

struct TimeZone::Rules {
  cctz::time_zone zone;
};

TimeZone TimeZone::Utc() {
  static const TimeZone utc = [] {
    TimeZone zone;
    zone.rules_ = std::make_shared<const Rules>(Rules{cctz::utc_time_zone()});
    zone.name_ = "UTC";
    return zone;
  }();
  return utc;
}

Result<TimeZone> TimeZone::Find(std::string_view name) {
  TimeZone zone;
  zone.name_ = std::string(name);
  name = LongName(name);
  if (const auto offset = ParseFixedZone(name)) {
    zone.rules_ =
        std::make_shared<const Rules>(Rules{cctz::fixed_time_zone(cctz::seconds(*offset))});
    return zone;
  }
  cctz::time_zone found;
  // cctz would read a file by an absolute or climbing path, too: only names are zones.
  const bool is_name = !name.empty() && name.front() != '/' && name.front() != ':' &&
                       name.find("..") == std::string_view::npos && !name.starts_with("Fixed/") &&
                       name != "localtime";
  if (!is_name || !cctz::load_time_zone(std::string(name), &found)) {
    return Fail(Error{ErrorKind::kConfig, fmt::format("unknown time zone '{}'", name),
                      "use an IANA name like Europe/London, or an offset like +05:30"});
  }
  zone.rules_ = std::make_shared<const Rules>(Rules{found});
  return zone;
}

CivilTime TimeZone::ToCivil(Timestamp instant) const {
  const int64_t seconds = FloorDiv(instant.micros, kSecond);
  const auto looked_up = rules_->zone.lookup(ToPoint(seconds));
  const cctz::civil_second& cs = looked_up.cs;
  return CivilTime{cs.year(),
                   cs.month(),
                   cs.day(),
                   cs.hour(),
                   cs.minute(),
                   cs.second(),
                   static_cast<int>(FloorMod(instant.micros, kSecond))};
}

Timestamp TimeZone::ToInstant(const CivilTime& civil) const {
  const cctz::civil_second cs(civil.year, civil.month, civil.day, civil.hour, civil.minute,
                              civil.second);
  // In an overlap `pre` has the earlier offset; in a gap it is the reading moved forward: both are
  // what java.time's ZonedDateTime.ofLocal does.
  const auto looked_up = rules_->zone.lookup(cs);
  const int64_t seconds = looked_up.pre.time_since_epoch().count();
  return ToTimestamp(seconds, civil.micros);
}

Timestamp TimeZone::StartOfDay(int64_t days_since_epoch) const {
  const CivilTime day = CivilFromDays(days_since_epoch);
  const auto looked_up = rules_->zone.lookup(cctz::civil_second(day.year, day.month, day.day));
  // Where midnight is skipped the day begins with the first reading after the gap, wherever in the gap
  // midnight lies: java.time's LocalDate.atStartOfDay.
  const bool skipped = looked_up.kind == cctz::time_zone::civil_lookup::SKIPPED;
  return ToTimestamp((skipped ? looked_up.trans : looked_up.pre).time_since_epoch().count(), 0);
}

int64_t DaysFromCivil(int64_t year, int month, int day) {
  return cctz::civil_day(year, month, day) - cctz::civil_day(1970, 1, 1);
}

CivilTime CivilFromDays(int64_t days_since_epoch) {
  const cctz::civil_day day = cctz::civil_day(1970, 1, 1) + days_since_epoch;
  CivilTime civil;
  civil.year = day.year();
  civil.month = day.month();
  civil.day = day.day();
  return civil;
}

std::string FormatTimestamp(Timestamp t) {
  const CivilTime c = TimeZone::Utc().ToCivil(t);
  std::string year = c.year < 0      ? fmt::format("-{:04}", -c.year)
                     : c.year > 9999 ? fmt::format("+{}", c.year)
                                     : fmt::format("{:04}", c.year);
  std::string text = fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}", year, c.month, c.day, c.hour,
                                 c.minute, c.second);
  if (c.micros != 0) {
    text += c.micros % 1000 == 0 ? fmt::format(".{:03}", c.micros / 1000)
                                 : fmt::format(".{:06}", c.micros);
  }
  return text + "Z";
}

}  // namespace sluice
