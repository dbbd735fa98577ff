#pragma once

#include <memory>
#include <string>

#include "sluice/aws/credentials.h"
#include "sluice/net/http_client.h"

namespace sluice::aws {

struct Role {
  std::string arn, external_id;  ///< "" where the role asks for none
  std::string region;            ///< whose STS is asked, unless AWS_ENDPOINT_URL_STS says otherwise
};

/// STS AssumeRole with the credentials of `base`: assumed on first use, and again when less than five minutes
/// are left. kPermission where STS refuses, with what to change.
std::shared_ptr<CredentialsSource> AssumeRole(Role role, std::shared_ptr<CredentialsSource> base,
                                              std::shared_ptr<const net::HttpClient> http);

}  // namespace sluice::aws
