#include "sluice/config/schedule.h"

#include <fmt/format.h>
#include <strings.h>

#include <array>
#include <bitset>
#include <charconv>
#include <string>
#include <vector>

namespace sluice::config {
namespace {

using Allowed = std::bitset<60>;

struct Cron {
  Allowed minute, hour, day, month, weekday;  // weekday 0 is Sunday
  bool any_day = true, any_weekday = true;
};

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<int> ParseValue(std::string_view text, const std::vector<const char*>& names,
                              int first_name) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (strcasecmp(std::string(text).c_str(), names[i]) == 0) {
      return first_name + static_cast<int>(i);
    }
  }
  int value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One field: "*", "*/15", "1,2", "9-17", "9-17/2", "mon-fri".
std::optional<Allowed> ParseField(std::string_view field, int low, int high,
                                  const std::vector<const char*>& names = {}) {
  Allowed allowed;
  for (std::string_view item : Split(field, ',')) {
    int step = 1;
    const auto slash = Split(item, '/');
    if (slash.size() > 2) return std::nullopt;
    if (slash.size() == 2) {
      const auto value = ParseValue(slash[1], {}, 0);
      constexpr int kLargestStep = 1000;
      if (!value || *value < 1 || *value > kLargestStep) return std::nullopt;
      step = *value;
    }
    int from = low, to = high;
    if (slash[0] != "*") {
      const auto ends = Split(slash[0], '-');
      const auto first = ParseValue(ends[0], names, low);
      const auto last = ends.size() == 2 ? ParseValue(ends[1], names, low) : first;
      if (ends.size() > 2 || !first || !last) return std::nullopt;
      from = *first;
      to = slash.size() == 2 && ends.size() == 1 ? high : *last;
    }
    if (from < low || to > high || from > to) return std::nullopt;
    for (int i = from; i <= to; i += step) allowed.set(static_cast<size_t>(i));
  }
  return allowed;
}

struct FieldKind {
  const char* name;
  int low, high;
  std::vector<const char*> names;
};

const std::vector<FieldKind>& FieldKinds() {
  static const std::vector<const char*> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                "jul", "aug", "sep", "oct", "nov", "dec"};
  static const std::vector<const char*> kWeekdays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  static const std::vector<FieldKind> kKinds{{"minute", 0, 59, {}},
                                             {"hour", 0, 23, {}},
                                             {"day", 1, 31, {}},
                                             {"month", 1, 12, kMonths},
                                             {"weekday", 0, 7, kWeekdays}};
  return kKinds;
}

std::vector<std::string_view> CronFields(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::string_view part : Split(text, ' ')) {
    if (!part.empty()) fields.push_back(part);
  }
  return fields;
}

std::optional<Cron> ParseCron(std::string_view text) {
  const auto fields = CronFields(text);
  if (fields.size() != FieldKinds().size()) return std::nullopt;
  std::vector<Allowed> allowed;
  for (size_t i = 0; i < fields.size(); ++i) {
    const FieldKind& kind = FieldKinds()[i];
    const auto parsed = ParseField(fields[i], kind.low, kind.high, kind.names);
    if (!parsed) return std::nullopt;
    allowed.push_back(*parsed);
  }
  if (allowed[4].test(7)) allowed[4].set(0);
  return Cron{allowed[0], allowed[1],       allowed[2],      allowed[3],
              allowed[4], fields[2] == "*", fields[4] == "*"};
}

bool DayMatches(const Cron& cron, const CivilTime& civil) {
  const int64_t days = DaysFromCivil(civil.year, civil.month, civil.day);
  const auto weekday = static_cast<size_t>(((days % 7) + 11) % 7);  // 1970-01-01 was a Thursday
  if (!cron.month.test(static_cast<size_t>(civil.month))) return false;
  const bool by_day = cron.day.test(static_cast<size_t>(civil.day));
  const bool by_weekday = cron.weekday.test(weekday);
  if (cron.any_day) return by_weekday;
  if (cron.any_weekday) return by_day;
  return by_day || by_weekday;
}

std::optional<Cron> ParseSchedule(std::string_view schedule) {
  if (schedule == "hourly") return ParseCron("0 * * * *");
  if (schedule == "daily") return ParseCron("0 0 * * *");
  if (schedule == "weekly") return ParseCron("0 0 * * 1");
  return ParseCron(schedule);
}

}  // namespace

std::optional<Timestamp> NextRun(std::string_view schedule, Timestamp after, const TimeZone& zone) {
  const auto cron = ParseSchedule(schedule);
  if (!cron) return std::nullopt;
  const CivilTime begin = zone.ToCivil(after);
  const int64_t first_day = DaysFromCivil(begin.year, begin.month, begin.day);
  constexpr int64_t kDays = 9 * 366;  // from one 29 February to the next, a century between
  for (int64_t day = first_day; day < first_day + kDays; ++day) {
    CivilTime civil = CivilFromDays(day);
    if (!DayMatches(*cron, civil)) continue;
    for (civil.hour = 0; civil.hour < 24; ++civil.hour) {
      if (!cron->hour.test(static_cast<size_t>(civil.hour))) continue;
      for (civil.minute = 0; civil.minute < 60; ++civil.minute) {
        if (!cron->minute.test(static_cast<size_t>(civil.minute))) continue;
        const Timestamp at = zone.ToInstant(civil);
        if (at > after) return at;
      }
    }
  }
  return std::nullopt;
}

Duration Cadence(std::string_view schedule, const TimeZone& zone) {
  constexpr int kLeastRuns = 3;
  constexpr Duration kWatched = Days(8);  // a whole week, whatever day it begins on
  const Timestamp begin = *ParseTimestamp("2026-01-01T00:00:00Z", TimeZone::Utc());
  Duration longest{0};
  Timestamp last = begin;
  for (int runs = 0; runs < kLeastRuns || last - begin < kWatched; ++runs) {
    const auto next = NextRun(schedule, last, zone);
    if (!next) break;
    if (runs > 0) longest = std::max(longest, *next - last);
    last = *next;
  }
  return longest;
}

Duration FreshnessOf(const Table& table) {
  constexpr int64_t kMissedRuns = 3;
  if (table.freshness) return *table.freshness;
  return Duration{kMissedRuns * Cadence(table.schedule, table.timezone).micros};
}

std::optional<std::string> ScheduleMistake(std::string_view text) {
  const auto cron = ParseSchedule(text);
  const auto fields = CronFields(text);
  if (!cron && fields.size() == FieldKinds().size()) {
    for (size_t i = 0; i < fields.size(); ++i) {
      const FieldKind& kind = FieldKinds()[i];
      if (ParseField(fields[i], kind.low, kind.high, kind.names)) continue;
      return fmt::format("its {} '{}' is not within {} to {}", kind.name, fields[i], kind.low,
                         kind.high);
    }
  }
  if (!cron) {
    return "use hourly, daily, weekly or the five fields of cron, like \"15 * * * *\"";
  }
  if (!NextRun(text, Timestamp{0}, TimeZone::Utc())) {
    return "no month that it names has such a day, so it never fires";
  }
  return std::nullopt;
}

}  // namespace sluice::config
