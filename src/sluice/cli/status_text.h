#pragma once

#include <string>
#include <vector>

#include "sluice/cli/output.h"
#include "sluice/exporter/report/report.h"

namespace sluice::cli {

Json ToJson(const exporter::StatusReport& report);

/// A row per table under a heading.
std::string StatusTable(const std::vector<exporter::StatusReport>& reports);

/// What needs attention, one sentence each.
std::vector<std::string> StatusRemarks(const exporter::StatusReport& report);

/// Why the health is a failure or late; "" for any other.
std::string StatusFailure(const exporter::StatusReport& report);

}  // namespace sluice::cli
