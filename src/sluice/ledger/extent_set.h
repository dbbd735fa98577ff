#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace sluice::ledger {

/// (start, end] in micros or versions.
struct Extent {
  int64_t start = 0, end = 0;
  bool operator==(const Extent&) const = default;
};

/// A union of extents.
class ExtentSet {
 public:
  /// Returns the whole stretch without a gap that `extent` is part of now.
  Extent Add(Extent extent);
  bool Covers(const Extent& extent) const;
  /// The parts of `extent` that are not covered, ascending.
  std::vector<Extent> Gaps(const Extent& extent) const;

 private:
  std::map<int64_t, int64_t> ends_;  ///< by start; disjoint and not touching
};

}  // namespace sluice::ledger
