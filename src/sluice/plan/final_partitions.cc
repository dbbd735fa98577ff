#include "sluice/plan/final_partitions.h"

#include <algorithm>
#include <iterator>

#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

/// The folders that instants after `until` may fall into although earlier ones did, too: that of the next
/// instant and, where clocks are set back, of those that come twice.
std::set<std::string> OpenFolders(Timestamp until, const Partitioning& partitioning) {
  constexpr Duration kStep = Minutes(15);
  constexpr Duration kLongestOverlap = Hours(26);
  std::set<std::string> open;
  const Timestamp next = until + Duration{1};
  for (Timestamp t = next; t <= next + kLongestOverlap; t = t + kStep) {
    open.insert(PartitionFolder(t, partitioning));
  }
  return open;
}

}  // namespace

std::vector<std::string> FinalPartitions(const std::set<std::string>& touched,
                                         std::optional<Timestamp> start, Timestamp final_until,
                                         const Partitioning& partitioning) {
  std::set<std::string> folders = touched;
  if (start && *start < final_until) folders.insert(PartitionFolder(*start, partitioning));
  const std::set<std::string> open = OpenFolders(final_until, partitioning);
  std::vector<std::string> final;
  std::set_difference(folders.begin(), folders.end(), open.begin(), open.end(),
                      std::back_inserter(final));
  return final;
}

}  // namespace sluice::plan
