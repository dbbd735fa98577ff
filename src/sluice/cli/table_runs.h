#pragma once

#include <functional>
#include <vector>

#include "sluice/cli/command.h"
#include "sluice/exporter/exporter.h"

namespace sluice::cli {

/// The work on one table. Called concurrently for different tables.
using TableWork =
    std::function<exporter::RunReport(const config::Table&, transfer::Progress* progress)>;

/// What a table that another run works on means for the exit code.
enum class Busy { kIsWell, kIsToBeTriedAgain };

/// Does `work` with every selected table, up to limits.max_concurrent_runs at once; one that fails does not
/// stop the others. Shows progress on a terminal, prints each table's outcome as it comes in and a summary at
/// the end, or the one JSON document. Returns the exit code.
int RunTables(const Context& context, const Selection& selection, Busy busy, const TableWork& work);

}  // namespace sluice::cli
