#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sluice/exporter/report.h"

namespace sluice::cli {

nlohmann::json ToJson(const exporter::PlanReport& report);

/// What `plan` tells a person of one table, several lines without the last newline; without the error.
std::string DescribePlan(const exporter::PlanReport& report);

}  // namespace sluice::cli
