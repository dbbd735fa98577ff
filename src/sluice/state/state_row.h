#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/types.h"

/// Rows of `_export_state`, and what is asked of them.
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
  std::string mark;  ///< of that version's commit file: delta::CommitFile::Mark
  std::vector<StateRow> rows;
  std::map<std::string, int64_t> followed;  ///< the txn version of each app id
  /// nullptr if the table has no row of that name. Two rows of one name: see ExportState::Read.
  const StateRow* Find(std::string_view source_table) const;
  /// As ExportState::FollowedThrough, without another look at the table.
  std::optional<int64_t> FollowedThrough(const std::string& app_id) const;
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
  kRowAhead,      ///< someone else moved the row past our value; it stays, n is marked as followed
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

}  // namespace sluice::state
