#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "sluice/base/result.h"

namespace sluice::runtime {

/// Tells work to stop at the next safe point. Copies share one flag; thread-safe;
/// Cancel(signal) may be called from a signal handler.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<std::atomic<int>>(0)) {}
  /// `signal`: the POSIX signal number that asked for it, or -1 (a timeout or a sibling's failure).
  void Cancel(int signal) const {
    int none = 0;
    state_->compare_exchange_strong(none, signal);
  }
  bool cancelled() const { return state_->load(std::memory_order_relaxed) != 0; }
  int signal() const { return state_->load(); }
  /// kCancelled once Cancel was called.
  Status Check() const {
    if (!cancelled()) return {};
    return Fail(ErrorKind::kCancelled, "stopped before the work was done");
  }

 private:
  std::shared_ptr<std::atomic<int>> state_;
};

}  // namespace sluice::runtime
