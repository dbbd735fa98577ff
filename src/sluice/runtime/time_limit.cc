#include "sluice/runtime/time_limit.h"

#include <algorithm>
#include <chrono>

namespace sluice::runtime {

TimeLimit::TimeLimit(const CancelToken& parent, std::optional<Duration> limit) {
  if (!limit) {
    token_ = parent;
    return;
  }
  thread_ = std::thread([this, parent, limit = *limit] { Watch(parent, limit); });
}

TimeLimit::~TimeLimit() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void TimeLimit::Watch(const CancelToken& parent, Duration limit) {
  using Clock = std::chrono::steady_clock;
  // The parent may be fired by a signal handler, which can wake nobody: look at it from time to time.
  constexpr auto kLook = std::chrono::milliseconds(50);
  const auto end = Clock::now() + std::chrono::microseconds(limit.micros);
  std::unique_lock lock(mutex_);
  while (!over_) {
    if (parent.cancelled()) return token_.Cancel(parent.signal());
    const auto now = Clock::now();
    if (now >= end) return token_.Cancel(-1);
    wake_.wait_until(lock, std::min(end, now + kLook));
  }
}

}  // namespace sluice::runtime
