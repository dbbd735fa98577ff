#include "sluice/aws/fresh_credentials.h"

#include <optional>
#include <utility>

#include "sluice/runtime/log.h"
#include "sluice/runtime/renewal.h"

namespace sluice::aws {
namespace {

struct Held {
  Credentials credentials;
  std::optional<Timestamp> renew_at;  ///< nullopt: they are not known to expire
};

class FreshCredentials : public CredentialsSource {
 public:
  FreshCredentials(FetchCredentials fetch, std::shared_ptr<runtime::Clock> clock)
      : fetch_(std::move(fetch)), clock_(std::move(clock)) {}

  Result<Credentials> Get(std::string_view refused_key,
                          const runtime::CancelToken& cancel) override {
    const auto is_good = [&](const Held& held) {
      return (!held.renew_at || clock_->Now() < *held.renew_at) &&
             held.credentials.access_key != refused_key;
    };
    SLUICE_ASSIGN_OR_RETURN(Held held,
                            renewal_.Get(cancel, is_good, [&] { return Fetch(cancel); }));
    return std::move(held.credentials);
  }

 private:
  Result<Held> Fetch(const runtime::CancelToken& cancel) {
    SLUICE_ASSIGN_OR_RETURN(Credentials credentials, fetch_(cancel));
    secret_key_.Renew(credentials.secret_key);
    session_token_.Renew(credentials.session_token);
    Held held{std::move(credentials), {}};
    if (held.credentials.expires) {
      const Duration life = *held.credentials.expires - clock_->Now();
      held.renew_at = *held.credentials.expires - runtime::RenewalMargin(life);
    }
    return held;
  }

  const FetchCredentials fetch_;
  const std::shared_ptr<runtime::Clock> clock_;
  runtime::Renewal<Held> renewal_;
  runtime::RenewedSecret secret_key_, session_token_;  // touched by the one who fetches
};

}  // namespace

std::shared_ptr<CredentialsSource> KeepFresh(FetchCredentials fetch,
                                             std::shared_ptr<runtime::Clock> clock) {
  return std::make_shared<FreshCredentials>(std::move(fetch), std::move(clock));
}

}  // namespace sluice::aws
