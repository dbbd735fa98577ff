#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sluice/exporter/report.h"

namespace sluice::cli {

nlohmann::json ToJson(const exporter::StatusReport& report);

/// What `status` tells a person: a line a table under a heading, then what needs attention.
std::string DescribeStatus(const std::vector<exporter::StatusReport>& reports);

}  // namespace sluice::cli
