#pragma once

#include <memory>
#include <string>

#include "sluice/aws/auth.h"
#include "sluice/aws/credentials.h"
#include "sluice/net/http_client.h"

namespace sluice::aws {

/// The source that `auth` names. A named variable or profile that does not exist is kConfig, at once; what
/// needs the network is asked for on first use. `region` is where roles are assumed: by AWS's STS there, or by
/// AWS_ENDPOINT_URL_STS.
Result<std::shared_ptr<CredentialsSource>> FindCredentials(
    const Auth& auth, const std::string& region, std::shared_ptr<const net::HttpClient> http);

}  // namespace sluice::aws
