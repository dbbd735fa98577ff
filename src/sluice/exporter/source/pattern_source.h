#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/session/session.h"
#include "sluice/plan/export_task.h"
#include "sluice/plan/planned_export.h"
#include "sluice/plan/source_facts.h"

namespace sluice::exporter {

/// What a run is going to do.
struct PlannedWork {
  std::vector<plan::PlannedExport> exports;  ///< ascending; empty: nothing new
  /// Why no more could be planned although there is more: reported once `exports` are done.
  std::optional<Error> then;
};

/// What one of the three patterns makes of a table's source at one pinned version: what is new in it, and
/// the work of each number. It decides by plan/ and reads the log only; rows are read by transfer. Used
/// by one thread; borrows its session.
///
/// Errors of all calls: kSourceGone (the log or the version was cleaned up), kCorrupt, kNotFound and
/// kUnsupported (columns, features), kConflict (row, manifest and source do not go together).
class PatternSource {
 public:
  virtual ~PatternSource() = default;
  virtual const plan::SourceFacts& facts() const = 0;
  virtual const delta::Snapshot& snapshot() const = 0;

  /// For planning before an earlier number is settled: the state row will stand at `end` at least.
  virtual void AssumeRowAt(const ledger::Bound& end) = 0;
  /// Everything that a run exports now.
  virtual Result<PlannedWork> Plan() = 0;
  /// The number of an undecided `intent` again, as it was begun.
  virtual Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) = 0;
  /// False if a notebook moved the state row since the window of `intent` was begun: its rows are
  /// exported already.
  virtual bool RowStillStands(const ledger::Intent& intent) const = 0;
  virtual Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) = 0;

  /// A range asked for by hand, in the table's own terms: micros (append) or versions (cdc).
  struct Range {
    int64_t from = 0, to = 0;  ///< (from, to]
  };
  /// Where a backfill must end at the latest: what lies after it is exported by coming runs.
  virtual Result<int64_t> BackfillLimit() = 0;
  /// An earlier number that a backfill exports anew, and where its rows end.
  struct Replaced {
    int64_t n = 0;
    int64_t end = 0;
    int64_t start = 0;  ///< exclusive
  };
  virtual Result<std::vector<plan::PlannedExport>> PlanBackfill(
      const Range& range, std::optional<int64_t> chunk, const std::vector<Replaced>& replaced) = 0;
};

struct SourceOptions {
  std::optional<Version> at;  ///< nullopt: the latest version
  bool reseed = false;        ///< cdc: plan a new seed, whatever was exported
};

/// Opens the table's source and looks at it as its pattern does. `position` is that after the newest decided
/// number.
Result<std::unique_ptr<PatternSource>> LookAtSource(Session& session,
                                                    const ledger::Position& position,
                                                    const SourceOptions& options);

/// What all patterns look at, from the snapshot, the position and the state. Returns the table's row in
/// _export_state, if it has one.
Result<std::optional<state::StateRow>> FillFacts(Session& session, const ledger::Position& position,
                                                 const delta::Snapshot& snapshot,
                                                 plan::SourceFacts& facts);

/// kCorrupt where commits are missing between those that lie in the log, up to the pinned version: also below
/// a checkpoint, which hides them from a snapshot. What lies before `seen` was looked at by an earlier run.
/// A beginning that was cleaned up is no hole.
Status RequireNoHole(const Session& session, std::optional<Version> seen, Version pinned);

/// Applies `on_schema_change` to the difference between the columns exported last and those that would be
/// exported now. A change that is let through is told in `notes`.
Status CheckSchemaChange(const Session& session, const plan::SourceFacts& facts,
                         std::vector<std::string>& notes);

}  // namespace sluice::exporter
