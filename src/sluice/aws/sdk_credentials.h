#pragma once

#include <memory>
#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/base/result.h"

namespace sluice::aws {

/// The default chain of AWS's own SDK, as Arrow brings it: SSO, credential processes, web identity,
/// containers, instance metadata. The SDK starts with the first Get() and ends with the process.
/// `profile`, unless empty, is the one that it reads.
std::shared_ptr<CredentialsSource> FindSdkCredentials(const std::string& profile);

}  // namespace sluice::aws
