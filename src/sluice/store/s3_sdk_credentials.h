#pragma once

#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/store/s3_credentials.h"

namespace sluice::store {

/// The default chain of AWS's own SDK, as Arrow brings it: SSO, credential processes, web identity,
/// containers, instance metadata. The SDK starts with the first Get() and ends with the process.
/// `profile`, unless empty, is the one that it reads.
std::shared_ptr<S3CredentialsSource> FindSdkCredentials(const std::string& profile);

}  // namespace sluice::store
