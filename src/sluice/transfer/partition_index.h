#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/plan/output_layout.h"

namespace sluice::transfer {

/// Instants [begin, end) in micros that all fall into one partition.
struct PartitionSpan {
  int64_t begin = 0, end = 0;
  int partition = -1;  ///< number in the PartitionIndex
  bool Contains(int64_t micros) const { return micros >= begin && micros < end; }
};

/// Numbers the partitions of one export from 0 in the order in which they are met, and finds the
/// partition of an instant. A folder whose hours come twice (a clock set back) is one partition with
/// several spans. Thread-safe.
class PartitionIndex {
 public:
  explicit PartitionIndex(plan::Partitioning partitioning);

  /// The longest stretch around `t` that is known to lie in one partition.
  PartitionSpan SpanOf(Timestamp t);
  /// "dt=2026-01-31/hr=09"; valid as long as the index.
  const std::string& folder(int partition) const;
  /// The end of the last span found so far, in micros.
  int64_t end(int partition) const;

 private:
  const plan::Partitioning partitioning_;
  mutable Mutex mutex_;
  std::deque<std::string> folders_ SLUICE_GUARDED_BY(mutex_);  ///< elements never move
  std::vector<int64_t> ends_ SLUICE_GUARDED_BY(mutex_);
  std::unordered_map<std::string, int> numbers_ SLUICE_GUARDED_BY(mutex_);
};

/// One thread's way into a PartitionIndex: asks it once a span. Borrows the index. Not thread-safe.
class PartitionLookup {
 public:
  explicit PartitionLookup(PartitionIndex& index) : index_(index) {}

  int Find(int64_t micros) {
    if (!current_.Contains(micros)) current_ = FindSpan(micros);
    return current_.partition;
  }

 private:
  PartitionSpan FindSpan(int64_t micros);

  PartitionIndex& index_;
  PartitionSpan current_;
  /// Spans by the UTC hours that they were met in; an hour meets few spans.
  std::unordered_map<int64_t, std::vector<PartitionSpan>> known_;
};

}  // namespace sluice::transfer
