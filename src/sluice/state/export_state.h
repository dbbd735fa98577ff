#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/store/object_store.h"

namespace sluice::state {

/// One row of the guide's table `_export_state`.
struct StateRow {
  std::string source_table;
  std::optional<Timestamp> last_exported_end_time;
  std::optional<Version> last_exported_version;
  std::optional<Timestamp> last_run_timestamp;
};

/// Which column a pattern moves.
enum class Progress { kEndTime, kVersion };

/// The table at one version. `exists` is false before the first run.
struct StateView {
  bool exists = false;
  Version version;
  std::vector<StateRow> rows;
  /// nullptr if the table has no row of that name. Two rows of one name: see ExportState::Read.
  const StateRow* Find(std::string_view source_table) const;
};

/// What one settled export asks of the state. Values are micros or versions, by `progress`.
struct Advance {
  std::string app_id;  ///< "sluice/NAME"
  int64_t n = 0;       ///< export number: the txn version
  std::string source_table;
  Progress progress = Progress::kEndTime;
  /// Where the row must stand: the export's start; nullopt: no row, or NULL.
  std::optional<int64_t> expected;
  /// Where it stands afterwards; nullopt: unchanged (late rows, backfills).
  std::optional<int64_t> value;
  Timestamp ran_at;  ///< last_run_timestamp
};

enum class AdvanceOutcome {
  kWritten,       ///< our value stands there now
  kAlreadyThere,  ///< the table's txn says that n was followed before
  kRowAhead,      ///< somebody else moved the row past our value; it stays, n is marked as followed
};

/// A repair by hand: sets the column to `value` (nullopt: removes the row) whatever stands there.
struct Reset {
  std::string app_id;
  int64_t n = 0;
  std::string source_table;
  Progress progress = Progress::kEndTime;
  std::optional<int64_t> value;
  Timestamp ran_at;
};

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

  /// With `only`, two rows of another name are no error: one table's trouble does not stop the others.
  Result<StateView> Read(std::optional<std::string_view> only = std::nullopt) const;
  /// The txn version of `app_id`, nullopt if it never committed here.
  Result<std::optional<int64_t>> FollowedThrough(const std::string& app_id) const;
  /// kUnsupported where the table asks of its writers what we lack: known before anything is exported that
  /// the state could not follow. Well where there is no table yet.
  Status RequireWritable() const;
  /// Creates the table where it is missing. Idempotent by (app_id, n).
  Result<AdvanceOutcome> Follow(const Advance& advance);
  /// Takes two rows of one name, too, and leaves one. Idempotent by (app_id, n).
  Status Apply(const Reset& reset);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::state
