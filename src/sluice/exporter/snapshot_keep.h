#pragma once

#include "sluice/exporter/report/report.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// Pattern C: drops the snapshots that neither `keep` nor `keep_for` holds any more; the newest complete one
/// always stays. Each goes in the order that no reader is led astray by: a tombstone over its manifest,
/// its _SUCCESS, its files. Does nothing for other patterns, and may be repeated after a crash. What was
/// dropped is told in the report's notes.
Status DropOldSnapshots(Session& session, RunReport& report);

/// The snapshots that would go now, ascending by n. Writes nothing.
Result<std::vector<ledger::Manifest>> FindOldSnapshots(Session& session);

}  // namespace sluice::exporter
