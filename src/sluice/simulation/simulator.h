#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/simulation/worse_store.h"

namespace sluice::simulation {

/// What came of one schedule.
struct ScheduleResult {
  uint64_t seed = 0;
  /// How often what was done and happened, by name: "store calls", "crashes", "run", "backfill" ..
  std::map<std::string_view, int64_t> counts;
  std::vector<std::string> violations;  ///< of the promises; empty is good
  std::vector<std::string> trace;       ///< what was done, step by step, where it was asked for
};

struct ScheduleOptions {
  uint64_t seed = 0;
  Mutation mutation = Mutation::kNone;
  bool trace = false;
};

/// One schedule of the real exporter (planning, ledger, commit, resume, keep, prune, state) over a model of
/// the rows: two or three commands at a time (mostly runs, but backfills, reseeds, prunes, exports voided,
/// too), scheduled store call by store call in one thread, by a random sequence that the seed makes. Any call may fail, lose its reply or be the last one of its runner; clocks
/// jump so that the heartbeats of living runners expire; the source grows and is vacuumed; the store drops
/// pending uploads. At the end the promises are checked. The same seed gives the same schedule.
ScheduleResult RunSchedule(const ScheduleOptions& options);

}  // namespace sluice::simulation
