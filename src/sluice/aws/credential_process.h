#pragma once

#include <string>
#include <string_view>

#include "sluice/aws/credentials.h"

namespace sluice::aws {

/// What a program that a profile names as its `credential_process` prints (docs.aws.amazon.com/sdkref, "Process
/// credential provider"). Pure. kPermission for what is not such a document.
Result<Credentials> ParseProcessOutput(std::string_view output);

/// Runs `command` by the shell and reads what it prints. `profile` is for messages. A fired token ends the
/// program. kPermission where it fails or prints something else.
Result<Credentials> RunCredentialProcess(const std::string& profile, const std::string& command,
                                         const runtime::CancelToken& cancel);

}  // namespace sluice::aws
