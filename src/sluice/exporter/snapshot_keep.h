#pragma once

#include <optional>
#include <vector>

#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// How far old snapshots were dropped.
struct DroppedSnapshots {
  std::vector<ledger::Manifest> dropped;  ///< ascending by n
  Status then;                            ///< why the rest stays
  std::optional<Timestamp> next;          ///< when `keep_for` lets go of another one
};

/// Pattern C: drops the snapshots that neither `keep` nor `keep_for` holds any more; the newest complete one
/// always stays. Each goes in an order that confuses no reader: a tombstone over its manifest, its _SUCCESS,
/// its files. Does nothing for other patterns, and may be repeated after a crash.
DroppedSnapshots DropOldSnapshots(Session& session);

/// The snapshots that would go now, ascending by n. Writes nothing.
Result<std::vector<ledger::Manifest>> FindOldSnapshots(Session& session);

}  // namespace sluice::exporter
