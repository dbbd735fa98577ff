#pragma once

#include <cstdint>
#include <string>

#include "sluice/base/time_zone.h"

namespace sluice::plan {

/// CAST(timestamp_ntz AS TIMESTAMP): the reading of the wall clock in `zone`.
Timestamp CastNtzToTimestamp(int64_t local_micros, const TimeZone& zone);
/// CAST(date AS TIMESTAMP): midnight in `zone`.
Timestamp CastDateToTimestamp(int32_t days, const TimeZone& zone);

/// date_format(t, 'yyyy-MM-dd') and date_format(t, 'HH') in `zone`.
std::string FormatDate(Timestamp t, const TimeZone& zone);
std::string FormatHour(Timestamp t, const TimeZone& zone);

}  // namespace sluice::plan
