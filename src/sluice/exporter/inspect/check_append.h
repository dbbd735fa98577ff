#pragma once

#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/inspect/findings.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// What `start` leaves out: rows exactly on it, because it is exclusive, or everything, because it is in the
/// future.
void CheckStart(Session& session, const delta::Snapshot& snapshot, Findings& findings);

/// Rows that no window will ever cover: their watermark is NULL, or a text that is not a time. `snapshot` has
/// the statistics of the watermark alone. Of a text column the newest file is read.
void CheckWatermarkValues(Session& session, const delta::Snapshot& snapshot, Findings& findings);

}  // namespace sluice::exporter
