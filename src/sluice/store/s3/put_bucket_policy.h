#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/store/s3/s3_options.h"

namespace sluice::store {

/// Replaces the policy of a bucket; S3 has no condition for that. Errors as OpenS3Store has them, kPermission where
/// these credentials may not (s3:PutBucketPolicy).
Status PutBucketPolicy(const std::string& bucket, const S3Options& options,
                       std::string_view policy);

}  // namespace sluice::store
