#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::store {

/// What the parts of all uploads of a process may hold while they are under way. Thread-safe; must outlive its
/// leases.
class UploadBudget {
 public:
  struct Limits {
    int64_t bytes = int64_t{64} << 20;
    int parts = 16;
  };

  /// Held by one part; given back when it is destroyed, whatever became of the part.
  class Lease {
   public:
    Lease() = default;
    Lease(UploadBudget& budget, int64_t bytes) : budget_(&budget), bytes_(bytes) {}
    ~Lease() { Release(); }
    Lease(Lease&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Lease& operator=(Lease&& other) noexcept;
    /// For a part that turned out to need `bytes` in memory; it must hold none yet, so that those that do can
    /// always finish. kCancelled.
    Status Grow(int64_t bytes, const runtime::CancelToken& cancel);

   private:
    void Release();

    UploadBudget* budget_ = nullptr;
    int64_t bytes_ = 0;
  };

  explicit UploadBudget(Limits limits) : limits_(limits) {}
  UploadBudget(const UploadBudget&) = delete;
  UploadBudget& operator=(const UploadBudget&) = delete;

  /// Waits until there is room. A part larger than all of `bytes` goes alone. kCancelled.
  Result<Lease> Take(int64_t bytes, const runtime::CancelToken& cancel);

 private:
  bool Fits(int64_t bytes) const SLUICE_REQUIRES(mutex_);
  Status Reserve(int64_t bytes, int parts, const runtime::CancelToken& cancel);
  void Return(int64_t bytes);

  const Limits limits_;
  Mutex mutex_;
  CondVar freed_;
  int64_t bytes_ SLUICE_GUARDED_BY(mutex_) = 0;
  int parts_ SLUICE_GUARDED_BY(mutex_) = 0;
};

}  // namespace sluice::store
