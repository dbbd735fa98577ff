#pragma once

#include <string>

#include "sluice/onboard/partner_policy.h"
#include "sluice/onboard/setup.h"

/// Commands of the AWS CLI, as text for bash. Nothing that exists is replaced, except what a role that these commands
/// make may do. Pure.
namespace sluice::onboard {

/// `text` as one word of bash.
std::string ShellWord(const std::string& text);

std::string CreateBucketCommands(const Setup& setup);
std::string BucketPolicyCommands(const Setup& setup, const Json& policy);
/// A grant of the key to the partner's role. REQUIRES: sse-kms.
std::string KeyGrantCommand(const Setup& setup);
std::string RoleCommands(const std::string& name, const Json& trust, const Json& rights);

}  // namespace sluice::onboard
