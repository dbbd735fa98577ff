#pragma once

#include <memory>
#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/base/result.h"

namespace sluice::aws {

/// The default chain of AWS's own SDK, as Arrow brings it: SSO, credential processes, web identity,
/// containers, instance metadata. The SDK starts with the first Get() and ends with the process.
/// It reads the profile that the environment names; `profile`, which may be empty, is that one's name, for
/// messages.
std::shared_ptr<CredentialsSource> FindSdkCredentials(const std::string& profile);

}  // namespace sluice::aws
