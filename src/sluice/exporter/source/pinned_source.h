#pragma once

#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/exporter/source/pattern_source.h"

namespace sluice::exporter {

/// Fills what all patterns look at: the snapshot, the position, the table's row in _export_state.
Status FillFacts(Session& session, const ledger::Position& position, const SourceOptions& options,
                 const delta::Snapshot& snapshot, plan::SourceFacts& facts);

/// What the patterns have in common: the source at one pinned version, and the facts of each. `Interface` is
/// PatternSource or RangeSource.
template <typename Facts, typename Interface>
class PinnedSource : public Interface {
 public:
  const Facts& facts() const override { return facts_; }
  const delta::Snapshot& snapshot() const override { return snapshot_; }

 protected:
  explicit PinnedSource(Session& session) : session_(session) {}

  /// Loads what `wanted` asks for and fills the facts that do not depend on the pattern.
  Status Pin(const ledger::Position& position, const SourceOptions& options,
             delta::SnapshotOptions wanted) {
    wanted.at = options.at;
    SLUICE_ASSIGN_OR_RETURN(snapshot_, delta::LoadSnapshot(*session_.log, wanted));
    return FillFacts(session_, position, options, snapshot_, facts_);
  }

  Session& session_;
  delta::Snapshot snapshot_;
  Facts facts_;
};

}  // namespace sluice::exporter
