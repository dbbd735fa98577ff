#pragma once

#include <memory>
#include <string>

#include "sluice/store/bucket_settings.h"
#include "sluice/store/s3/s3_client.h"
#include "sluice/store/s3/s3_options.h"

namespace sluice::store {

/// Errors as OpenS3Store has them.
Result<std::shared_ptr<const BucketSettings>> OpenBucketSettings(const std::string& bucket,
                                                                 const S3Options& options);
std::shared_ptr<const BucketSettings> OpenBucketSettings(const std::string& bucket,
                                                         const S3Options& options,
                                                         const S3Access& access);

}  // namespace sluice::store
