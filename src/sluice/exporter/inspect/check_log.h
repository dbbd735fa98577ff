#pragma once

#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/inspect/findings.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// What `check` says of the source's log beyond what a run needs: commits that are missing below the checkpoint
/// in use, and a version checksum that says something else than the log. `snapshot` has its files.
void CheckLog(const Session& session, const delta::Snapshot& snapshot, Findings& findings);

}  // namespace sluice::exporter
