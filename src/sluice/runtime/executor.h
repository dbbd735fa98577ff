#pragma once

#include <cstddef>
#include <functional>

#include "sluice/base/result.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::runtime {

/// Number of worker threads that CPU-bound work should use on this machine (at least 1).
int DefaultParallelism();

/// Calls `work(i)` for every i in [0, count) on up to `threads` threads of its own, in ascending
/// order of start, and waits for all of them. The first error stops the handing out of further
/// indices and is returned; `cancel` does the same with kCancelled. `work` runs concurrently and
/// guards what it shares. With threads == 1 everything runs in the caller's thread.
Status ParallelFor(size_t count, int threads, const CancelToken& cancel,
                   const std::function<Status(size_t)>& work);

/// While one lives, everything that its thread does stays in that thread, whatever number of threads is
/// asked for: a simulation schedules what happens by itself. Not for production code to make.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

  /// True if one lives that the calling thread made.
  static bool Active();
};

}  // namespace sluice::runtime
