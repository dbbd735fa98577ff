#pragma once

#include <functional>

#include "sluice/base/result.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"

namespace sluice::runtime {

/// How often and how patiently a retryable failure (IsRetryable) is tried again: full jitter over an
/// exponential delay, never past the deadline. A child operation gets its parent's deadline.
struct RetryPolicy {
  int attempts = 5;                  ///< in total, the first included
  Duration first_delay{100'000};     ///< upper bound of the first pause
  Duration max_delay = Seconds(10);  ///< upper bound of any pause
  Duration deadline = Minutes(5);    ///< from the first attempt
  /// What is left of the deadline once the token is cancelled. 0: nothing, pauses end at once, and the
  /// error is kCancelled; else the last attempt's, as if the policy had been used up.
  Duration patience{0};
};

/// Runs `attempt` until it succeeds, fails for good, or the policy is used up (then the last error). What is
/// tried again is logged, at the level of a warning where the attempt took long.
Status Retry(const RetryPolicy& policy, const Clock& clock, Entropy& entropy,
             const CancelToken& cancel, const std::function<Status()>& attempt);

}  // namespace sluice::runtime
