#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/time_zone.h"
#include "sluice/config/config.h"

namespace sluice::config {

/// The first instant after `after` at which `schedule` fires: "hourly" (each full hour), "daily"
/// (midnight), "weekly" (midnight to Monday) or five cron fields (minute hour day month weekday; '*',
/// lists, ranges, steps, names; a day field and a weekday field both given: either), in `zone`. nullopt if
/// it never fires, or is not a valid schedule.
std::optional<Timestamp> NextRun(std::string_view schedule, Timestamp after, const TimeZone& zone);

/// Why `text` is not a schedule, or one that never fires, in words; nullopt for a good one.
std::optional<std::string> ScheduleMistake(std::string_view text);

/// The longest pause between two runs of a valid schedule.
Duration Cadence(std::string_view schedule, const TimeZone& zone);

/// How far the export of `table` may lag before it is late.
Duration FreshnessOf(const Table& table);

}  // namespace sluice::config
