#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/delta/statistics.h"

/// Statistics in two steps, because a log is replayed from its newest commit backwards and the types
/// of the columns may only be known at its end.
namespace sluice::delta {

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
