#pragma once

#include <vector>

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/services.h"

namespace sluice::exporter {

/// Findings about the destination and the state table, then (CheckTable) about each table.
std::vector<Finding> CheckDestination(const Services& services);
std::vector<Finding> CheckTable(const Services& services, const config::Table& table);

}  // namespace sluice::exporter
