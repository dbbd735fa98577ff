#pragma once

#include "sluice/exporter/commit/outcome.h"
#include "sluice/exporter/session/commit_context.h"
#include "sluice/exporter/source/pattern_source.h"

/// Finishing what is decided (docs/commit-protocol.md, steps 5 to 7 and "Settling what a crash left").
/// Anyone may do it, any number of times, concurrently.
namespace sluice::exporter {

/// Completes the uploads of `decision`, publishes its manifest and moves the state. Files that are gone
/// are made again from the pinned version; where that is gone, too, the export is voided, which the outcome's
/// notes say. Never Lost.
///
/// kConflict if the decision holds a column that is excluded now, or the state row stands elsewhere.
Result<Outcome> Settle(const CommitContext& context, SourceAccess& access,
                       ledger::Decision decision, bool manifest_exists);

/// kConflict where the decision holds a column that `exclude` or a shorter list of `columns` keeps in the
/// source today: an older config exported it, and it must not become visible.
Status RefuseExcludedColumns(const config::Table& table, const ledger::Decision& decision);

}  // namespace sluice::exporter
