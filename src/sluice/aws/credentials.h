#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::aws {

/// What a request is signed with. Its secrets are registered with the log by the code that read them.
struct Credentials {
  std::string access_key, secret_key;
  std::string session_token;         ///< "" for long-lived keys
  std::optional<Timestamp> expires;  ///< nullopt: not known to expire
};

/// Where credentials come from. Thread-safe.
class CredentialsSource {
 public:
  virtual ~CredentialsSource() = default;
  /// Valid for some minutes yet. Renewed where they are about to expire, or where `refused_key` ("" for
  /// none) is their access key: the server called them expired. kPermission or kConfig, with a remedy, if there
  /// are none; kCancelled where `cancel` fired while they were fetched.
  virtual Result<Credentials> Get(std::string_view refused_key,
                                  const runtime::CancelToken& cancel) = 0;
};

}  // namespace sluice::aws
