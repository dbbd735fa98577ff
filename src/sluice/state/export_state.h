#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/state/state_row.h"
#include "sluice/store/object_store.h"

namespace sluice::state {

/// The Delta table `_export_state`: exactly the guide's four columns, readable and writable by any
/// engine. Every write is a conditional Delta commit with a `txn` action; a lost race is retried on
/// the new version. Only the named row and only its pattern's column and last_run_timestamp change;
/// other rows, and columns that others added, stay as they are. Every tenth version is checkpointed
/// and what expired is cleaned up. Thread-safe across processes; one object is used by one thread.
///
/// Errors: kConflict (two rows of one name; a row behind `expected`, or missing although expected:
/// names both values, remedy `state set` or `state forget`), kUnsupported (a writer feature that we
/// lack, or the columns are not the guide's), kTransient (others commit without pause), and those of the
/// store.
class ExportState {
 public:
  /// `table_store` is rooted at the state table's folder. `clock` must be the machine's, never pinned: it
  /// dates commits and decides what expired.
  ExportState(std::shared_ptr<store::ObjectStore> table_store,
              std::shared_ptr<runtime::Clock> clock, std::shared_ptr<runtime::Entropy> entropy);
  ~ExportState();

  /// With `only`, two rows of another name are not errors: one table's trouble does not stop the others.
  Result<StateView> Read(std::optional<std::string_view> only = std::nullopt) const;
  /// True if the table is still as a view (`StateView::version`, `mark`) showed it; asks once.
  Result<bool> IsStill(Version version, std::string_view mark) const;
  /// The txn version of `app_id`, nullopt if it never committed here.
  Result<std::optional<int64_t>> FollowedThrough(const std::string& app_id) const;
  /// The error that moving the row of `source_table` would end in, whatever the store does: known before anything
  /// is exported that the state could not follow. Rehearses the commit, encoding included, and writes nothing. Well
  /// where there is no table yet.
  Status RequireWritable(const std::string& source_table, Progress progress) const;
  /// Creates the table where it is missing. Idempotent by (app_id, n).
  Result<AdvanceOutcome> Follow(const Advance& advance);
  /// Takes two rows of one name, too, and leaves one. Idempotent by (app_id, n).
  Status Apply(const Reset& reset);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::state
