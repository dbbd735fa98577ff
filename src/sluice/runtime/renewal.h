#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::runtime {

/// How long before its end something that lasts for `life` is renewed: five minutes, or a fifth of a short life.
inline Duration RenewalMargin(Duration life) {
  constexpr int64_t kPart = 5;
  return Duration{std::min(Minutes(5).micros, std::max<int64_t>(0, life.micros / kPart))};
}

/// Something that many threads share and that is fetched again when it is no longer good: credentials, a token.
/// One caller fetches, the others wait for it, each for as long as its own token allows. Thread-safe.
template <typename T>
class Renewal {
 public:
  /// What is held, if `is_good` says so of it, else what `fetch` returns, which is held from then on. A failure is
  /// returned and not held. `is_good` runs under the lock, `fetch` outside it and never twice at a time; what
  /// fetch changes is seen by the next one. kInternal where `fetch` throws.
  template <typename IsGood, typename Fetch>
  Result<T> Get(const CancelToken& cancel, const IsGood& is_good, const Fetch& fetch) {
    {
      // The caller that fetches may have more time left than this one has.
      constexpr auto kLook = std::chrono::milliseconds(50);
      const MutexLock lock(mutex_);
      while (is_fetching_) {
        SLUICE_RETURN_IF_ERROR(cancel.Check());
        done_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kLook);
      }
      if (held_ && is_good(*held_)) return *held_;
      is_fetching_ = true;
    }
    Result<T> fetched = FetchSafely(fetch);
    const MutexLock lock(mutex_);
    is_fetching_ = false;
    done_.NotifyAll();
    held_.reset();
    if (fetched) held_ = *fetched;
    return fetched;
  }

 private:
  template <typename Fetch>
  static Result<T> FetchSafely(const Fetch& fetch) {
    try {
      return fetch();
    } catch (const std::exception& e) {
      return Fail(ErrorKind::kInternal, "unexpected exception: {}", e.what());
    }
  }

  Mutex mutex_;
  CondVar done_;
  bool is_fetching_ SLUICE_GUARDED_BY(mutex_) = false;
  std::optional<T> held_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::runtime
