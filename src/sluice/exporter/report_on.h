#pragma once

#include <functional>

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/run_options.h"
#include "sluice/exporter/session/services.h"

namespace sluice::exporter {

/// Times `work`, and turns its failure into the report's status and error.
RunReport ReportOn(const Services& services, const config::Table& table, const RunOptions& options,
                   const std::function<Status(transfer::Progress&, RunReport&)>& work);

}  // namespace sluice::exporter
