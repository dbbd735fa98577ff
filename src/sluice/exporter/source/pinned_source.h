#pragma once

#include <optional>

#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// What the three patterns have in common: the source at one pinned version, and the facts of each.
template <typename Facts>
class PinnedSource : public PatternSource {
 public:
  const Facts& facts() const override { return facts_; }
  const delta::Snapshot& snapshot() const override { return snapshot_; }

 protected:
  explicit PinnedSource(Session& session) : session_(session) {}

  /// Loads what `wanted` asks for and fills the facts that do not depend on the pattern. Returns the table's
  /// row in _export_state, if it has one.
  Result<std::optional<state::StateRow>> Pin(const ledger::Position& position,
                                             const delta::SnapshotOptions& wanted) {
    SLUICE_ASSIGN_OR_RETURN(snapshot_, delta::LoadSnapshot(*session_.log, wanted));
    return FillFacts(session_, position, snapshot_, facts_);
  }

  Session& session_;
  delta::Snapshot snapshot_;
  Facts facts_;
};

}  // namespace sluice::exporter
