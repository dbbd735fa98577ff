#pragma once

#include <functional>
#include <memory>

#include "sluice/aws/credentials.h"

namespace sluice::aws {

/// Gets credentials from where they come from. Called by one thread at a time.
using FetchCredentials = std::function<Result<Credentials>(const runtime::CancelToken& cancel)>;

/// Keeps what `fetch` got: fetched on first use, and again when less than five minutes are left or the server
/// refused the last ones. One caller fetches, the others wait for it, each for as long as its own token allows.
/// Secrets are registered with the log; those of the credentials before the last are forgotten.
std::shared_ptr<CredentialsSource> KeepFresh(FetchCredentials fetch);

}  // namespace sluice::aws
