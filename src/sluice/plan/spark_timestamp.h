#pragma once

#include <optional>
#include <string_view>

#include "sluice/base/time_zone.h"

namespace sluice::plan {

/// What Spark's CAST(string AS TIMESTAMP) makes of `text` in session zone `zone`: nullopt where the
/// cast gives null (ANSI mode off). Follows SparkDateTimeUtils.stringToTimestamp: optional sign,
/// 4-6 digit year, [y]yyy-[m]m-[d]d, 'T' or space, 1-2 digit parts, fractions cut at six digits,
/// zone ids and offsets, surrounding white space and control characters trimmed.
std::optional<Timestamp> CastStringToTimestamp(std::string_view text, const TimeZone& zone);

/// CAST(timestamp_ntz AS TIMESTAMP): the reading of the wall clock in `zone`.
Timestamp CastNtzToTimestamp(int64_t local_micros, const TimeZone& zone);
/// CAST(date AS TIMESTAMP): midnight in `zone`.
Timestamp CastDateToTimestamp(int32_t days, const TimeZone& zone);

/// date_format(t, 'yyyy-MM-dd') and date_format(t, 'HH') in `zone`.
std::string FormatDate(Timestamp t, const TimeZone& zone);
std::string FormatHour(Timestamp t, const TimeZone& zone);

}  // namespace sluice::plan
