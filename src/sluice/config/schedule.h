#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/time_zone.h"

namespace sluice::config {

/// The first instant after `after` at which `schedule` fires: "hourly" (each full hour), "daily"
/// (midnight), "weekly" (midnight to Monday) or five cron fields (minute hour day month weekday; '*',
/// lists, ranges, steps, names; a day field and a weekday field both given: either), in `zone`. nullopt if
/// it never fires, or is no schedule.
std::optional<Timestamp> NextRun(std::string_view schedule, Timestamp after, const TimeZone& zone);

/// Why `text` is no schedule, or one that never fires, in words; nullopt if it is one that does.
std::optional<std::string> ScheduleMistake(std::string_view text);

}  // namespace sluice::config
