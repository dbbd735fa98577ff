#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/session/session.h"
#include "sluice/plan/export_task.h"
#include "sluice/plan/planned_export.h"
#include "sluice/plan/replacement.h"
#include "sluice/plan/source_facts.h"

namespace sluice::exporter {

struct SourceOptions {
  std::optional<Version> at;  ///< nullopt: the latest version
  bool reseed = false;        ///< cdc: plan a new seed, whatever was exported
  /// Only Plan() will be asked, and the tasks of its exports: what no new window needs may be left out.
  bool only_new = false;
  /// For planning before an earlier export is settled: the state row will stand here at least.
  ledger::Bound assume_row_at;
};

/// What a run is going to do.
struct PlannedWork {
  std::vector<plan::PlannedExport> exports;  ///< ascending; empty: nothing new
  std::vector<std::string> notes;            ///< what a person should know
  /// Why no more could be planned although there is more: reported once `exports` are done.
  std::optional<Error> then;
};

/// What one of the three patterns makes of a table's source at one pinned version: what is new in it, and
/// the task of each export. It decides by plan/ and reads the log only; rows are read by transfer. Used by one
/// thread; borrows its session.
///
/// Errors of all calls: kSourceGone (the log or the version was cleaned up), kCorrupt, kNotFound and
/// kUnsupported (columns, features), kConflict (row, manifest and source do not go together).
class PatternSource {
 public:
  virtual ~PatternSource() = default;
  virtual const plan::SourceFacts& facts() const = 0;
  virtual const delta::Snapshot& snapshot() const = 0;

  /// Everything that a run exports now.
  virtual Result<PlannedWork> Plan() = 0;
  /// The export of an undecided `intent` again, as it was begun.
  virtual Result<plan::PlannedExport> PlanAgain(const ledger::Intent& intent) = 0;
  /// What is to be read for `planned`, which moves rows: any kind but a reset.
  virtual Result<plan::ExportTask> MakeTask(const plan::PlannedExport& planned) = 0;
};

/// The table's source, opened when the commit protocol first needs it: it finishes what is decided without.
class SourceAccess {
 public:
  virtual ~SourceAccess() = default;
  /// As LookAtSource.
  virtual Result<std::unique_ptr<PatternSource>> Look(const ledger::Position& position,
                                                      const SourceOptions& options) = 0;
  /// Moves rows of the source. REQUIRES: it was looked at.
  virtual transfer::Mover& mover() = 0;
};

/// A source of which ranges can be exported by hand.
class RangeSource : public PatternSource {
 public:
  /// What must be exported before a range may be, so that everything exported is as of one version: late rows.
  virtual Result<std::optional<plan::PlannedExport>> PlanBeforeRange() = 0;
  /// Where a range must end at the latest: what lies after it is exported by coming runs.
  virtual Result<int64_t> RangeLimit() = 0;
  virtual Result<std::vector<plan::PlannedExport>> PlanRange(
      const plan::Range& range, std::optional<int64_t> chunk,
      const std::vector<plan::ReplacedExport>& replaced) = 0;
};

}  // namespace sluice::exporter
