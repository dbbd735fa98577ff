#pragma once

#include "sluice/exporter/commit/job.h"
#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/source/pattern_source.h"
#include "sluice/transfer/progress.h"

namespace sluice::exporter {

/// Steps 2 to 7 of docs/commit-protocol.md for one export: intent, transfer, decision, completion, manifest,
/// state. A failure before the decision leaves nothing visible and releases the export; after an unknown
/// outcome nothing is cleaned up: the next run reads what happened.
Result<Outcome> Perform(const CommitContext& context, SourceAccess& access, Job job,
                        transfer::Progress& progress);

}  // namespace sluice::exporter
