#pragma once

#include <functional>
#include <vector>

#include "sluice/cli/command.h"
#include "sluice/exporter/exporter.h"

namespace sluice::cli {

/// What is done with one table. Called concurrently for different tables.
using TableWork =
    std::function<exporter::RunReport(const config::Table&, transfer::Progress* progress)>;

/// Does `work` with every selected table, up to limits.max_concurrent_runs at once; one that fails stops
/// no other. Shows progress on a terminal, prints each table's outcome when it is there and a summary at
/// the end, or the one JSON document. Returns the exit code.
int RunTables(const Context& context, const Selection& selection, const TableWork& work);

}  // namespace sluice::cli
