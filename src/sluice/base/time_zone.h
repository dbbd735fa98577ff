#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

namespace sluice {

/// A calendar reading without a zone.
struct CivilTime {
  int64_t year = 1970;  ///< proleptic Gregorian; 0 and below are BCE
  int month = 1, day = 1, hour = 0, minute = 0, second = 0;
  int micros = 0;
};

/// A named zone ("America/Los_Angeles", "UTC", "+05:30") with the rules that Spark (java.time) uses
/// for it: a local time in a gap moves forward by the gap's length, one in an overlap takes the
/// earlier offset. Copyable, immutable, safe to share between threads.
class TimeZone {
 public:
  static TimeZone Utc();
  /// kConfig if the zone is unknown. Takes IANA names, java.time offsets (Z, +HH:MM, UTC+H,
  /// GMT-3) and java.time's short ids (PST, CST, ...), as Spark does.
  static Result<TimeZone> Find(std::string_view name);

  CivilTime ToCivil(Timestamp instant) const;
  Timestamp ToInstant(const CivilTime& civil) const;
  /// Midnight at the start of the civil day `days` after 1970-01-01 in this zone.
  Timestamp StartOfDay(int64_t days_since_epoch) const;
  const std::string& name() const { return name_; }

 private:
  struct Rules;
  std::shared_ptr<const Rules> rules_;
  std::string name_;
};

/// Days since 1970-01-01 of a civil date, and back (proleptic Gregorian).
int64_t DaysFromCivil(int64_t year, int month, int day);
CivilTime CivilFromDays(int64_t days_since_epoch);

/// RFC 3339 in UTC: "2026-01-31T09:00:00Z", with as many fraction digits (0, 3 or 6) as needed.
std::string FormatTimestamp(Timestamp t);

/// A time as users write it: RFC 3339 or ISO 8601, date only allowed, 'T' or space; read in `zone`
/// where it has no offset. kUsage if it is not a time.
Result<Timestamp> ParseTimestamp(std::string_view text, const TimeZone& zone);

/// "90s", "15m", "36h", "60d", "2w", "1h30m", "0"; kUsage otherwise. Never negative.
Result<Duration> ParseDuration(std::string_view text);
/// The shortest form that ParseDuration reads back.
std::string FormatDuration(Duration d);

}  // namespace sluice
