#include "sluice/plan/final_partitions.h"

#include "sluice/plan/output_layout.h"

namespace sluice::plan {

std::vector<std::string> FinalPartitions(const TimeWindow& window,
                                         const Partitioning& partitioning) {
  // A partition's last instant is one microsecond before the next one begins; an instant is the last
  // of its partition where the folder changes after it. Zone offsets are multiples of a quarter of an
  // hour (older ones of seconds: those are found a quarter late, when the next window asks).
  constexpr Duration kStep = Minutes(15);
  constexpr Duration kTick{1};
  std::vector<std::string> folders;
  if (window.start >= window.end) return folders;
  const int64_t first = window.start.micros / kStep.micros;
  std::string before;
  for (Timestamp t{first * kStep.micros}; t <= window.end + kTick; t = t + kStep) {
    const Timestamp last = t - kTick;
    if (last <= window.start || last > window.end) continue;
    std::string folder = PartitionFolder(last, partitioning);
    if (folder == PartitionFolder(t, partitioning) || folder == before) continue;
    before = folder;
    folders.push_back(std::move(folder));
  }
  return folders;
}

}  // namespace sluice::plan
