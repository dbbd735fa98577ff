#pragma once

#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/runtime/clock.h"

namespace sluice::testing {

/// A clock that stands still until it is told to move. Sleeping moves it by what was asked for and
/// returns at once, so that waiting costs nothing and what was waited can be read. Thread-safe.
class FakeClock : public runtime::Clock {
 public:
  explicit FakeClock(Timestamp now = {}) : now_(now) {}

  void Set(Timestamp now);
  void Advance(Duration d);
  /// What SleepFor was called with, in order; nothing for calls that found `cancel` fired.
  std::vector<Duration> sleeps() const;

  Timestamp Now() const override;
  /// Moves with Advance and SleepFor; Set, a jump of the wall clock, does not touch it.
  int64_t MonotonicMicros() const override;
  void SleepFor(Duration d, const runtime::CancelToken& cancel) const override;

 private:
  mutable Mutex mutex_;
  mutable Timestamp now_ SLUICE_GUARDED_BY(mutex_);
  mutable int64_t monotonic_ SLUICE_GUARDED_BY(mutex_) = 0;
  mutable std::vector<Duration> sleeps_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::testing
