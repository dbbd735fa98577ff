#pragma once

#include <string>
#include <vector>

#include "sluice/plan/export_task.h"

namespace sluice::plan {

/// The partitions that no later window can touch once (start, end] is exported, and that an earlier
/// window could: those whose last instant lies in the window. Ascending. Late rows may still reopen
/// one, which their manifest says.
std::vector<std::string> FinalPartitions(const TimeWindow& window,
                                         const Partitioning& partitioning);

}  // namespace sluice::plan
