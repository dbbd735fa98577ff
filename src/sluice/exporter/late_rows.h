#pragma once

#include <functional>

#include "sluice/exporter/exporter.h"
#include "sluice/exporter/facts.h"
#include "sluice/exporter/perform.h"

namespace sluice::exporter {

/// Late rows of the commits since the last export: counted, and (`late_rows: export`) exported in number
/// n of their own. Takes no number where there are none.
Result<Performed> ExportLateRows(Session& session, const AppendSource& source, int64_t n,
                                 transfer::Progress& progress, RunReport& report);

/// Times `work`, and turns its failure into the report's status and error.
RunReport ReportOn(const Services& services, const config::Table& table, const RunOptions& options,
                   const std::function<Status(transfer::Progress&, RunReport&)>& work);

}  // namespace sluice::exporter
