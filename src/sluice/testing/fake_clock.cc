#include "sluice/testing/fake_clock.h"

namespace sluice::testing {

void FakeClock::Set(Timestamp now) {
  const MutexLock lock(mutex_);
  now_ = now;
}

void FakeClock::Advance(Duration d) {
  const MutexLock lock(mutex_);
  now_ = now_ + d;
  monotonic_ += d.micros;
}

std::vector<Duration> FakeClock::sleeps() const {
  const MutexLock lock(mutex_);
  return sleeps_;
}

Timestamp FakeClock::Now() const {
  const MutexLock lock(mutex_);
  return now_;
}

int64_t FakeClock::MonotonicMicros() const {
  const MutexLock lock(mutex_);
  return monotonic_;
}

void FakeClock::SleepFor(Duration d, const runtime::CancelToken& cancel) const {
  if (cancel.cancelled()) return;
  const MutexLock lock(mutex_);
  now_ = now_ + d;
  monotonic_ += d.micros;
  sleeps_.push_back(d);
}

}  // namespace sluice::testing
