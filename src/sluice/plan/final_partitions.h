#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sluice/plan/export_task.h"

namespace sluice::plan {

/// Of the folders that a window touched, and the one that holds its start (nullopt: it has none before it),
/// those that no later window can bring a row to once everything up to `final_until` is exported. Ascending.
/// Late rows may still reopen one, which their manifest says. Grows with the folders, not with the window.
std::vector<std::string> FinalPartitions(const std::set<std::string>& touched,
                                         std::optional<Timestamp> start, Timestamp final_until,
                                         const Partitioning& partitioning);

}  // namespace sluice::plan
