#pragma once

#include "sluice/exporter/commit/job.h"
#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// Steps 2 to 7 of docs/commit-protocol.md for one export: intent, transfer, decision, completion, manifest,
/// state. A failure before the decision leaves nothing visible and releases the export; after an unknown
/// outcome nothing is cleaned up: the next run reads what happened.
Result<Outcome> Perform(Session& session, Job job, transfer::Progress& progress);

}  // namespace sluice::exporter
