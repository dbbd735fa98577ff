#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"

namespace arrow {
class Decimal128;
}

/// Spark's CAST of a string with ANSI mode off: how Delta reads partition values, and how a STRING column is
/// compared with a time. nullopt where the cast gives NULL. kUnsupported where Spark reads a value that this
/// program does not, or one that depends on the day it is read.
namespace sluice::delta {

std::optional<bool> CastToBoolean(std::string_view text);
/// Of a type of `bits` bits: 8, 16, 32 or 64. A fraction is cut off.
std::optional<int64_t> CastToInteger(std::string_view text, int bits);
Result<std::optional<double>> CastToDouble(std::string_view text);
Result<std::optional<float>> CastToFloat(std::string_view text);
/// Rounded half up to `scale`.
Result<std::optional<arrow::Decimal128>> CastToDecimal(std::string_view text, int precision,
                                                       int scale);
/// Days since 1970-01-01.
std::optional<int32_t> CastToDate(std::string_view text);
/// Read in `zone` where the text names none.
Result<std::optional<Timestamp>> CastToTimestamp(std::string_view text, const TimeZone& zone);
/// The wall clock's micros since 1970-01-01; a zone in the text is left out.
Result<std::optional<int64_t>> CastToTimestampNtz(std::string_view text);

/// `text` without white space and control characters at both ends, as Spark trims before it casts.
std::string_view TrimForCast(std::string_view text);

}  // namespace sluice::delta
