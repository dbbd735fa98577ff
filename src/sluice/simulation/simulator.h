#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/simulation/worse_store.h"

namespace sluice::simulation {

/// What came of one schedule.
struct ScheduleResult {
  uint64_t seed = 0;
  int64_t steps = 0;     ///< store calls that were scheduled
  int runs = 0;          ///< runs of the exporter, those that put things right at the end included
  int crashes = 0;       ///< runners that died in the middle
  int lost_replies = 0;  ///< calls that were done and failed
  int failed_calls = 0;  ///< calls that were not done
  int lost_uploads = 0;  ///< pending uploads that the store dropped
  std::vector<std::string> violations;  ///< of the promises; empty is good
  std::vector<std::string> trace;       ///< what was done, step by step, where it was asked for
};

struct ScheduleOptions {
  uint64_t seed = 0;
  Mutation mutation = Mutation::kNone;
  bool trace = false;
};

/// One schedule of the real exporter (planning, ledger, commit, resume, keep, state) over a model of the
/// rows: two or three runners at a time, scheduled store call by store call in one thread, by a random
/// sequence that the seed makes. Any call may fail, lose its reply or be the last one of its runner; clocks
/// jump so that the heartbeats of living runners expire; the source grows and is vacuumed; the store drops
/// pending uploads. At the end the promises are checked. The same seed gives the same schedule.
ScheduleResult RunSchedule(const ScheduleOptions& options);

}  // namespace sluice::simulation
