#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/exporter/session/commit_context.h"

/// The newest exports of a table, where their records are gone. Their numbers are not to be used again: prune
/// would take the files of the lost export for leftovers of the new one.
namespace sluice::exporter {

/// The highest number that anything beside ledger and manifests remembers as settled: the heartbeat at the
/// destination, the note of the last run, the state table. One that cannot be read may be the only one that
/// knows of a lost end: that is an error, not silence.
Result<int64_t> SettledElsewhere(const CommitContext& context);

/// kConflict where export `settled` was settled and the ledger, which `view` showed, knows no such number.
Status RequireKnown(const CommitContext& context, const ledger::LedgerView& view, int64_t settled);

/// The same, asking all who may know.
Status RequireNoLostEnd(const CommitContext& context, const ledger::LedgerView& view);

/// Gives the lost numbers up: voids each, so that prune may remove what is left of it. Returns what a person
/// should know. kConflict where the manifest of one is still there, or where they are too many to be believed.
Result<std::vector<std::string>> VoidLostEnd(const CommitContext& context,
                                             const ledger::LedgerView& view, int64_t settled);

}  // namespace sluice::exporter
