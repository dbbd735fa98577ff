#include "sluice/store/s3/upload_budget.h"

#include <chrono>

namespace sluice::store {

UploadBudget::Lease& UploadBudget::Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = other.bytes_;
  }
  return *this;
}

void UploadBudget::Lease::Release() {
  if (budget_ != nullptr) std::exchange(budget_, nullptr)->Return(bytes_);
}

Status UploadBudget::Lease::Grow(int64_t bytes, const runtime::CancelToken& cancel) {
  SLUICE_RETURN_IF_ERROR(budget_->Reserve(bytes, 0, cancel));
  bytes_ += bytes;
  return {};
}

bool UploadBudget::Fits(int64_t bytes) const {
  return bytes_ == 0 || bytes_ + bytes <= limits_.bytes;
}

Result<UploadBudget::Lease> UploadBudget::Take(int64_t bytes, const runtime::CancelToken& cancel) {
  SLUICE_RETURN_IF_ERROR(Reserve(bytes, 1, cancel));
  return Lease(*this, bytes);
}

Status UploadBudget::Reserve(int64_t bytes, int parts, const runtime::CancelToken& cancel) {
  // A signal handler may fire the token, and it cannot wake a waiter: look at the token from time to time.
  constexpr auto kLook = std::chrono::milliseconds(50);
  const MutexLock lock(mutex_);
  while (!Fits(bytes) || parts_ + parts > limits_.parts) {
    SLUICE_RETURN_IF_ERROR(cancel.Check());
    freed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kLook);
  }
  bytes_ += bytes;
  parts_ += parts;
  return {};
}

void UploadBudget::Return(int64_t bytes) {
  {
    const MutexLock lock(mutex_);
    bytes_ -= bytes;
    --parts_;
  }
  freed_.NotifyAll();
}

}  // namespace sluice::store
