#include "sluice/runtime/clock.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace sluice::runtime {
namespace {

class MachineClock : public Clock {
 public:
  Timestamp Now() const override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return Timestamp{std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
  }
  int64_t MonotonicMicros() const override {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  }
  void SleepFor(Duration d, const CancelToken& cancel) const override {
    // A signal handler can only set a flag, so long sleeps look at it from time to time.
    constexpr int64_t kLook = 50'000;
    const int64_t end = MonotonicMicros() + d.micros;
    for (int64_t left = d.micros; left > 0 && !cancel.cancelled(); left = end - MonotonicMicros()) {
      std::this_thread::sleep_for(std::chrono::microseconds(std::min(left, kLook)));
    }
  }
};

class Pinned : public MachineClock {
 public:
  explicit Pinned(Timestamp now) : now_(now) {}
  Timestamp Now() const override { return now_; }

 private:
  const Timestamp now_;
};

}  // namespace

std::shared_ptr<Clock> SystemClock() { return std::make_shared<MachineClock>(); }
std::shared_ptr<Clock> PinnedClock(Timestamp now) { return std::make_shared<Pinned>(now); }

}  // namespace sluice::runtime
