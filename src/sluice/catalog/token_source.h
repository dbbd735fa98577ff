#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/catalog/patient_http.h"
#include "sluice/catalog/sign_in.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/clock.h"

namespace sluice::catalog {

/// Where the token comes from that each request carries. Thread-safe.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  /// "" where the catalog is asked without one. Renewed where it is about to expire, or where it is `refused`
  /// ("": none was), if it can be; else the refused one once more.
  virtual Result<std::string> Get(std::string_view refused, const runtime::CancelToken& cancel) = 0;
};

/// The token of `sign_in`, or one that its client id and secret are exchanged for (OAuth 2.0, client credentials,
/// RFC 6749 section 4.4) at the endpoint that the host's metadata name (RFC 8414): fetched on first use, renewed
/// five minutes before it expires, or after four fifths of its life if that is later. Secrets are registered
/// with the log. `clock` measures.
std::shared_ptr<TokenSource> MakeTokenSource(const SignIn& sign_in,
                                             std::shared_ptr<const PatientHttp> http,
                                             std::shared_ptr<runtime::Clock> clock);

}  // namespace sluice::catalog
