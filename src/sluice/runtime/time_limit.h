#pragma once

#include <optional>
#include <thread>

#include "sluice/base/mutex.h"
#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::runtime {

/// A token that fires when `parent` does, with its signal, or by itself after `limit`. Without a limit it is
/// the parent's. The token stays usable after the limit is destroyed, but fires no more.
class TimeLimit {
 public:
  TimeLimit(const CancelToken& parent, std::optional<Duration> limit);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

  const CancelToken& token() const { return token_; }
  /// True once the time was up before the parent fired.
  bool expired() const { return thread_.joinable() && token_.signal() < 0; }

 private:
  void Watch(const CancelToken& parent, Duration limit);

  CancelToken token_;
  Mutex mutex_;
  CondVar wake_;
  bool over_ SLUICE_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace sluice::runtime
