#include "sluice/aws/fresh_credentials.h"

#include <chrono>
#include <optional>
#include <utility>

#include "sluice/base/mutex.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/log.h"

namespace sluice::aws {
namespace {

/// Credentials are renewed when less than this is left of them.
constexpr Duration kRenewBefore = Minutes(5);

class FreshCredentials : public CredentialsSource {
 public:
  explicit FreshCredentials(FetchCredentials fetch) : fetch_(std::move(fetch)) {}

  Result<Credentials> Get(std::string_view refused_key,
                          const runtime::CancelToken& cancel) override {
    {
      // The caller that fetches may have more time left than this one has.
      constexpr auto kLook = std::chrono::milliseconds(50);
      const MutexLock lock(mutex_);
      while (is_fetching_) {
        SLUICE_RETURN_IF_ERROR(cancel.Check());
        done_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kLook);
      }
      if (IsFresh() && current_->access_key != refused_key) return *current_;
      is_fetching_ = true;
    }
    auto fetched = Fetch(cancel);
    const MutexLock lock(mutex_);
    is_fetching_ = false;
    done_.NotifyAll();
    current_.reset();
    if (!fetched) return fetched;
    secret_key_.Renew(fetched->secret_key);
    session_token_.Renew(fetched->session_token);
    current_ = *fetched;
    return fetched;
  }

 private:
  bool IsFresh() const SLUICE_REQUIRES(mutex_) {
    return current_ && (!current_->expires ||
                        runtime::SystemClock()->Now() + kRenewBefore < *current_->expires);
  }

  Result<Credentials> Fetch(const runtime::CancelToken& cancel) const {
    try {
      return fetch_(cancel);
    } catch (const std::exception& e) {
      return Fail(ErrorKind::kInternal, "unexpected exception while fetching credentials: {}",
                  e.what());
    }
  }

  const FetchCredentials fetch_;
  Mutex mutex_;
  CondVar done_;
  bool is_fetching_ SLUICE_GUARDED_BY(mutex_) = false;
  std::optional<Credentials> current_ SLUICE_GUARDED_BY(mutex_);
  runtime::RenewedSecret secret_key_ SLUICE_GUARDED_BY(mutex_);
  runtime::RenewedSecret session_token_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<CredentialsSource> KeepFresh(FetchCredentials fetch) {
  return std::make_shared<FreshCredentials>(std::move(fetch));
}

}  // namespace sluice::aws
