#pragma once

#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/store/http_client.h"
#include "sluice/store/s3_options.h"

namespace sluice::store {

/// What a request is signed with. Its secrets are registered with the log by whoever read them.
struct S3Credentials {
  std::string access_key, secret_key;
  std::string session_token;         ///< "" for long-lived keys
  std::optional<Timestamp> expires;  ///< nullopt: not known to expire
};

/// Where credentials come from. Thread-safe.
class S3CredentialsSource {
 public:
  virtual ~S3CredentialsSource() = default;
  /// Valid for some minutes yet, fetched anew where they are about to expire, or where `refused` (the
  /// server called the last ones expired). kPermission or kConfig, with a remedy, if there are none.
  virtual Result<S3Credentials> Get(bool refused) = 0;
};

/// The source that `options.auth` names. A named variable or profile that does not exist is kConfig, at
/// once; what needs the network is asked for on first use, until `options.cancel`. `region` is where roles
/// are assumed: by AWS's STS there, or by AWS_ENDPOINT_URL_STS.
Result<std::shared_ptr<S3CredentialsSource>> FindS3Credentials(
    const S3Options& options, const std::string& region, std::shared_ptr<const HttpClient> http);

}  // namespace sluice::store
