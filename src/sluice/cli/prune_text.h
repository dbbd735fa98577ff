#pragma once

#include <string>
#include <vector>

#include "sluice/cli/output.h"
#include "sluice/prune/prune.h"

/// What `prune` prints. Pure.
namespace sluice::cli {

Json ToJson(const prune::PruneReport& report);

/// One line a table and, below it, one line for everything that goes from one export for one reason; with
/// `each`, one line for every object.
std::string DescribePrune(const prune::PruneReport& report, bool each);

/// "removed 12 files (3.4 GiB)" over all reports.
std::string SummarizePrune(const std::vector<prune::PruneReport>& reports);

}  // namespace sluice::cli
