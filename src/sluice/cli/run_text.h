#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "sluice/exporter/report/report.h"

/// What `run` and `backfill` print for a person. Pure: text from values.
namespace sluice::cli {

/// One table's run: a line, and below it, indented, what needs attention. The name is padded to `width`.
/// Without the error, which goes to stderr. No newline at the end.
std::string DescribeRun(const exporter::RunReport& report, size_t width);

/// The last line: how many tables had which outcome, and their totals. `seconds`: of the whole command.
std::string SummarizeRuns(const std::vector<exporter::RunReport>& reports, double seconds);

/// "(2026-01-01T00:00:00Z, 2026-01-02T00:00:00Z]" or "versions (3, 17]"; of what has no start "at 2026-..."
/// or "version 3"; "" of what has no end.
std::string DescribeRange(const ledger::Bound& start, const ledger::Bound& end);

}  // namespace sluice::cli
