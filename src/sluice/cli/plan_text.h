#pragma once

#include <string>

#include "sluice/cli/output.h"
#include "sluice/exporter/report/report.h"

namespace sluice::cli {

Json ToJson(const exporter::PlanReport& report);

/// What `plan` shows of one table: several lines without the last newline, without the error.
std::string DescribePlan(const exporter::PlanReport& report);

}  // namespace sluice::cli
