#pragma once

#include <memory>

#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::runtime {

/// Where time comes from. Handed in, so that tests and `--now` decide what time it is. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock.
  virtual Timestamp Now() const = 0;
  /// Monotonic microseconds from an arbitrary origin: for measuring, never for planning.
  virtual int64_t MonotonicMicros() const = 0;
  /// Returns early (kCancelled is left to the caller) when `cancel` fires.
  virtual void SleepFor(Duration d, const CancelToken& cancel) const = 0;
};

/// The machine's clock.
std::shared_ptr<Clock> SystemClock();
/// `--now`: Now() always answers `now`; measuring and sleeping are real.
std::shared_ptr<Clock> PinnedClock(Timestamp now);

}  // namespace sluice::runtime
