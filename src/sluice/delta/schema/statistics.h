#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::delta {

/// A min or max as compared: integers, dates (days) and timestamps (micros) are int64; strings may
/// be prefixes. monostate: not known.
using StatisticValue = std::variant<std::monostate, int64_t, double, std::string>;

struct ColumnStatistics {
  StatisticValue min, max;
  std::optional<int64_t> null_count;
};

/// PROTOCOL.md, "Per-file Statistics", parsed for the columns that were asked for, in that order.
/// Timestamp bounds are widened here: writers cut them to milliseconds, so max is raised by 999 us
/// (and a max that a writer marked as not tight is still an upper bound).
struct FileStatistics {
  std::optional<int64_t> num_records;  ///< physical rows, before deletion vectors
  std::vector<ColumnStatistics> columns;
};

/// `stats` is the JSON of an add action. Statistics are a hint: what can't be read is absent.
FileStatistics ParseStatistics(std::string_view stats, const std::vector<Field>& columns);

/// In two steps, because a log is replayed from its newest commit backwards and the types of the columns
/// may only be known at its end.
///
/// As they stand in the JSON: a bound is a number, or text (a string, a date, a timestamp, "NaN").
struct RawStatistics {
  std::optional<int64_t> num_records;
  bool tight_bounds = true;
  std::vector<ColumnStatistics> columns;
};

/// The statistics of the columns in `names` (found without case), in that order. JSON that is broken
/// anywhere gives none at all: half a document proves nothing. Thread-safe.
RawStatistics ExtractStatistics(std::string_view stats, const std::vector<std::string>& names);

/// Reads the bounds as values of `columns`, which stand in the order of the extraction.
FileStatistics TypeStatistics(const RawStatistics& raw, const std::vector<Field>& columns);

/// The upper bound of a timestamp column from a maximum that was cut to milliseconds.
int64_t WidenedMax(int64_t micros);

}  // namespace sluice::delta
