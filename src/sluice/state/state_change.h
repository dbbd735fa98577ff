#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/state/state_row.h"

/// The outcome of a change of _export_state, decided from values alone (commit-protocol step 7).
namespace sluice::state {

/// What is to be done with the row of one source table.
struct RowChange {
  enum class Kind {
    kKeep,    ///< the row stays as it is; only the txn action is committed
    kSet,     ///< `position` and `ran_at` are written; the row is inserted if it is not there
    kRemove,  ///< every row of that name goes
  };
  Kind kind = Kind::kKeep;
  std::string source_table;
  Progress progress = Progress::kEndTime;
  int64_t position = 0;  ///< kSet: micros or version
  Timestamp ran_at;
  bool operator==(const RowChange&) const = default;
};

struct Decision {
  AdvanceOutcome outcome = AdvanceOutcome::kWritten;
  /// nullopt: there is nothing to commit, not even the txn action.
  std::optional<RowChange> change;
};

/// | row stands at                            | what happens                           |
/// |------------------------------------------|----------------------------------------|
/// | (txn of app_id >= n)                     | nothing: kAlreadyThere                 |
/// | (value is nullopt)                       | row kept, n marked: kWritten           |
/// | expected (or none, where none expected)  | value: kWritten                        |
/// | ahead of expected, before value          | value: kWritten                        |
/// | value                                    | row kept, n marked: kWritten           |
/// | ahead of value                           | row kept, n marked: kRowAhead          |
/// | before expected; none, though expected   | error kConflict, both values named     |
///
/// `rows` are the rows of advance.source_table; two of them are kConflict unless value is nullopt.
/// `followed` is the table's txn version of advance.app_id.
Result<Decision> Decide(const std::vector<StateRow>& rows, std::optional<int64_t> followed,
                        const Advance& advance);

/// A repair takes any number of rows and leaves one, or none. Nothing to do if followed >= n.
Decision Decide(const std::vector<StateRow>& rows, std::optional<int64_t> followed,
                const Reset& reset);

/// The error for two or more rows of one name; `rows` are those.
Error DuplicateRows(const std::vector<StateRow>& rows);

/// Where a row stands in the column of `progress`.
std::optional<int64_t> PositionOf(const StateRow& row, Progress progress);
/// "2026-01-31T09:00:00Z" or "version 17"; "nowhere (NULL)" for nullopt.
std::string FormatPosition(std::optional<int64_t> position, Progress progress);

}  // namespace sluice::state
