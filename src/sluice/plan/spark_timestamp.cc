#include "sluice/plan/spark_timestamp.h"

#include <fmt/format.h>

namespace sluice::plan {
namespace {

constexpr int64_t kDayMicros = 86'400'000'000;

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

std::string FormatYear(int64_t year) {
  // 'yyyy' is the year of the era, with a sign once it needs more than four digits.
  const int64_t of_era = year > 0 ? year : 1 - year;
  return of_era > 9999 ? fmt::format("+{}", of_era) : fmt::format("{:04}", of_era);
}

}  // namespace

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
