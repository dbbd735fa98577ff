#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::transfer {

/// Counters that a transfer moves forward and a display reads; all are totals since the start of the
/// run of one table. Thread-safe.
struct Progress {
  std::atomic<int64_t> rows_read{0};
  std::atomic<int64_t> rows_expected{0};  ///< what the plan foresees; 0 while unknown
  std::atomic<int64_t> rows_exported{0};
  std::atomic<int64_t> bytes_written{0};
};

}  // namespace sluice::transfer
