#pragma once

#include <functional>
#include <memory>

#include "sluice/aws/credentials.h"
#include "sluice/runtime/clock.h"

namespace sluice::aws {

/// Gets credentials from where they come from. Called by one thread at a time.
using FetchCredentials = std::function<Result<Credentials>(const runtime::CancelToken& cancel)>;

/// Keeps what `fetch` got: fetched on first use, and again when the server refused the last ones, or when less than
/// five minutes are left of them, or less than a fifth of the life that they came with, if that is shorter: those
/// that last for five minutes are renewed after four. One caller fetches, the others wait for it, each for as long
/// as its own token allows. Secrets are registered with the log; those of the credentials before the last are
/// forgotten. `clock` tells wall-clock time.
std::shared_ptr<CredentialsSource> KeepFresh(
    FetchCredentials fetch, std::shared_ptr<runtime::Clock> clock = runtime::SystemClock());

}  // namespace sluice::aws
