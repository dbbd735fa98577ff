#pragma once

#include <string_view>
#include <vector>

#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/session/session.h"
#include "sluice/plan/export_task.h"

/// Whether the files that tell late rows can still be read. Late rows are what a commit added less what it
/// removed, so files that are no longer live count, too: those a vacuum may have taken.
namespace sluice::exporter {

/// kSourceGone naming the versions whose files are gone; kUnsupported naming the columns whose type a commit
/// of the range changed, so that rows before it can't be compared with rows after it, or the version that
/// brought late rows while the table had a feature that cannot be read. Looks only at files that are not live, of
/// which append tables have none.
Status RequireLateSources(const Session& session, const ledger::Position& position,
                          const delta::Snapshot& snapshot,
                          const std::vector<delta::Commit>& commits,
                          const std::vector<plan::LateCommit>& late);

/// `error`, met while late rows were looked for, with the way out: give them up for once, and export the
/// windows that may lack them again.
/// `name`: of the table.
Error WithLateRemedy(std::string_view name, const ledger::Position& position, Error error);

}  // namespace sluice::exporter
