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

}  // namespace sluice::runtime
