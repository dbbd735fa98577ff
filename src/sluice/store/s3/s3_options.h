#pragma once

#include <optional>
#include <string>

#include "sluice/aws/auth.h"
#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/retry.h"
#include "sluice/store/encryption.h"

namespace sluice::store {

/// How a bucket is reached. Ignored by local stores. Value type; holds no secret.
struct S3Options {
  std::optional<std::string>
      region;  ///< else AWS_REGION, the profile's, us-east-1, or the bucket's
  std::optional<std::string>
      endpoint;                    ///< else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS's own
  std::optional<bool> path_style;  ///< else true where an endpoint is given
  std::optional<std::string> ca_bundle;  ///< PEM file; else AWS_CA_BUNDLE, or the system's
  std::optional<std::string> expected_bucket_owner;
  aws::Auth auth;
  ServerEncryption encryption;
  int connections = 32;  ///< requests in flight at once
  runtime::RetryPolicy retry;
  /// Stops reads and uploads of data at once; what settles a decision goes on for as long as the server
  /// answers it within `patience`, and no longer, so that a signal ends a run whose server hangs.
  runtime::CancelToken cancel;
  Duration patience = Seconds(5);
};

}  // namespace sluice::store
