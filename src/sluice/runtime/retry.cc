#include "sluice/runtime/retry.h"

#include <algorithm>
#include <utility>

#include "sluice/runtime/log.h"

namespace sluice::runtime {
namespace {

/// Who waits so long for an attempt that fails wants to know why.
constexpr Duration kLongAttempt = Seconds(10);

void Tell(const Error& error, int tried, Duration took, Duration pause) {
  const auto level = took < kLongAttempt ? spdlog::level::debug : spdlog::level::warn;
  spdlog::log(level, "{} (attempt {}, after {:.1f} s); trying again in {:.1f} s", error.message,
              tried, static_cast<double>(took.micros) / 1e6,
              static_cast<double>(pause.micros) / 1e6);
}

}  // namespace

Status Retry(const RetryPolicy& policy, const Clock& clock, Entropy& entropy,
             const CancelToken& cancel, const std::function<Status()>& attempt) {
  const bool is_patient = policy.patience.micros > 0;
  const CancelToken never;
  int64_t deadline = clock.MonotonicMicros() + policy.deadline.micros;
  int64_t bound = policy.first_delay.micros;
  bool was_cancelled = false;
  for (int tried = 1;; ++tried) {
    const int64_t began = clock.MonotonicMicros();
    Status status = attempt();
    if (status || !IsRetryable(status.error().kind) || tried >= policy.attempts) return status;
    const int64_t now = clock.MonotonicMicros();
    if (is_patient && cancel.cancelled() && !std::exchange(was_cancelled, true)) {
      deadline = std::min(deadline, std::max(began + policy.patience.micros, now));
    }
    const int64_t left = deadline - now;
    if (left <= 0) return status;
    const auto delay =
        static_cast<int64_t>(entropy.Next() % static_cast<uint64_t>(std::max<int64_t>(1, bound)));
    const Duration pause{std::min(delay, left)};
    Tell(status.error(), tried, Duration{now - began}, pause);
    clock.SleepFor(pause, is_patient ? never : cancel);
    if (!is_patient) SLUICE_RETURN_IF_ERROR(cancel.Check());
    bound = std::min(bound * 2, policy.max_delay.micros);
  }
}

}  // namespace sluice::runtime
