#include "sluice/runtime/retry.h"

#include <algorithm>

namespace sluice::runtime {

Status Retry(const RetryPolicy& policy, const Clock& clock, Entropy& entropy,
             const CancelToken& cancel, const std::function<Status()>& attempt) {
  const int64_t deadline = clock.MonotonicMicros() + policy.deadline.micros;
  int64_t bound = policy.first_delay.micros;
  for (int tried = 1;; ++tried) {
    Status status = attempt();
    if (status || !IsRetryable(status.error().kind) || tried >= policy.attempts) return status;
    const int64_t left = deadline - clock.MonotonicMicros();
    if (left <= 0) return status;
    const auto delay =
        static_cast<int64_t>(entropy.Next() % static_cast<uint64_t>(std::max<int64_t>(1, bound)));
    clock.SleepFor(Duration{std::min(delay, left)}, cancel);
    SLUICE_RETURN_IF_ERROR(cancel.Check());
    bound = std::min(bound * 2, policy.max_delay.micros);
  }
}

}  // namespace sluice::runtime
