#pragma once

#include <vector>

#include "sluice/exporter/session/session.h"
#include "sluice/ledger/chain_check.h"

namespace sluice::exporter {

/// Whether the exports of a table chain from the first to the newest: what ledger, manifests, state and the
/// signs of life say together. `manifests`: all that are published, ascending by n. Writes nothing.
Result<ledger::ChainReport> LookAtChain(Session& session,
                                        const std::vector<ledger::Manifest>& manifests);

/// The same from the newest hundred manifests and the names of all others, so that age costs names only: whether every
/// number is there, and the windows of the newest exports. Where that leaves a doubt, all manifests are read.
Result<ledger::ChainReport> LookAtNewestOfChain(Session& session);

}  // namespace sluice::exporter
