#include "sluice/runtime/time_limit.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "sluice/runtime/log.h"
#include "sluice/runtime/thread.h"

namespace sluice::runtime {

TimeLimit::TimeLimit(const CancelToken& parent, std::optional<Duration> limit) {
  if (!limit) {
    token_ = parent;
    return;
  }
  auto started = StartThread([this, parent, limit = *limit] { Watch(parent, limit); });
  if (!started) {
    // Work without its limit is better than none.
    spdlog::warn("the timeout of {:.0f} s is not kept: {}",
                 static_cast<double>(limit->micros) / 1e6, started.error().message);
    token_ = parent;
    return;
  }
  thread_ = std::move(*started);
}

TimeLimit::~TimeLimit() {
  if (!thread_.joinable()) return;
  {
    const MutexLock lock(mutex_);
    over_ = true;
  }
  wake_.NotifyAll();
  thread_.join();
}

void TimeLimit::Watch(const CancelToken& parent, Duration limit) {
  using Clock = std::chrono::steady_clock;
  // The parent may be fired by a signal handler, which can wake nobody: look at it from time to time.
  constexpr auto kLook = std::chrono::milliseconds(50);
  const auto end = Clock::now() + std::chrono::microseconds(limit.micros);
  const MutexLock lock(mutex_);
  while (!over_) {
    if (parent.cancelled()) return token_.Cancel(parent.signal());
    const auto now = Clock::now();
    if (now >= end) return token_.Cancel(-1);
    wake_.WaitUntil(mutex_, std::min(end, now + kLook));
  }
}

}  // namespace sluice::runtime
