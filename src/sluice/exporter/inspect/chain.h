#pragma once

#include <vector>

#include "sluice/exporter/session/session.h"
#include "sluice/ledger/chain_check.h"

namespace sluice::exporter {

/// Whether the exports of a table chain from the first to the newest: what ledger, manifests, state and the
/// signs of life say together. `manifests`: all that are published, ascending by n. Writes nothing.
Result<ledger::ChainReport> LookAtChain(Session& session,
                                        const std::vector<ledger::Manifest>& manifests);

}  // namespace sluice::exporter
