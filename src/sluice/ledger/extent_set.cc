#include "sluice/ledger/extent_set.h"

#include <algorithm>
#include <iterator>

namespace sluice::ledger {

Extent ExtentSet::Add(Extent extent) {
  auto next = ends_.upper_bound(extent.start);
  if (next != ends_.begin() && std::prev(next)->second >= extent.start) {
    --next;
    extent.start = next->first;
  }
  while (next != ends_.end() && next->first <= extent.end) {
    extent.end = std::max(extent.end, next->second);
    next = ends_.erase(next);
  }
  ends_[extent.start] = extent.end;
  return extent;
}

bool ExtentSet::Covers(const Extent& extent) const {
  const auto next = ends_.upper_bound(extent.start);
  return next != ends_.begin() && std::prev(next)->second >= extent.end;
}

std::vector<Extent> ExtentSet::Gaps(const Extent& extent) const {
  std::vector<Extent> gaps;
  int64_t from = extent.start;
  auto next = ends_.upper_bound(from);
  if (next != ends_.begin()) --next;
  for (; next != ends_.end() && next->first < extent.end && from < extent.end; ++next) {
    if (next->second <= from) continue;
    if (next->first > from) gaps.push_back({from, next->first});
    from = std::max(from, next->second);
  }
  if (from < extent.end) gaps.push_back({from, extent.end});
  return gaps;
}

}  // namespace sluice::ledger
