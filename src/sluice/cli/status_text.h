#pragma once

#include <string>
#include <vector>

#include "sluice/cli/output.h"
#include "sluice/exporter/report/report.h"

namespace sluice::cli {

Json ToJson(const exporter::StatusReport& report);

/// What `status` tells a person: a line a table under a heading, then what needs attention.
std::string DescribeStatus(const std::vector<exporter::StatusReport>& reports);

}  // namespace sluice::cli
