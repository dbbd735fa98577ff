#pragma once

#include <optional>
#include <string>

#include "sluice/base/types.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/runtime/retry.h"

namespace sluice::store {

/// How requests are signed: one form, or none for AWS's usual chain (environment, profile, web
/// identity, container, instance). The *_env members are names of environment variables.
struct S3Auth {
  std::optional<std::string> profile;
  std::optional<std::string> role_arn, external_id;
  std::optional<std::string> access_key_env, secret_key_env, session_token_env;
};

/// How new objects are encrypted by the server; kNone leaves it to the bucket.
struct S3Encryption {
  enum class Type { kNone, kSseS3, kSseKms };
  Type type = Type::kNone;
  std::optional<std::string> kms_key_id;
};

/// How a bucket is reached. Ignored by local stores. Value type; holds no secret.
struct S3Options {
  std::optional<std::string>
      region;  ///< else AWS_REGION, the profile's, us-east-1, or the bucket's
  std::optional<std::string>
      endpoint;                    ///< else AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS's own
  std::optional<bool> path_style;  ///< else true where an endpoint is given
  std::optional<std::string> ca_bundle;  ///< PEM file; else AWS_CA_BUNDLE, or the system's
  std::optional<std::string> expected_bucket_owner;
  S3Auth auth;
  S3Encryption encryption;
  int connections = 32;  ///< requests in flight at once
  runtime::RetryPolicy retry;
  /// Stops reads and uploads of data at once; what settles a decision goes on for as long as the server
  /// answers it within `patience`, and no longer, so that a signal ends a run whose server hangs.
  runtime::CancelToken cancel;
  Duration patience = Seconds(5);
};

}  // namespace sluice::store
