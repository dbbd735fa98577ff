#include "sluice/state/state_change.h"

#include <fmt/format.h>

#include "sluice/base/time_zone.h"

namespace sluice::state {
namespace {

constexpr const char* kRemedy =
    "`sluice state set` says where the next window begins; `sluice state forget` starts again";

bool Followed(std::optional<int64_t> followed, int64_t n) { return followed && *followed >= n; }

tl::unexpected<Error> Behind(const StateRow* row, const Advance& advance) {
  const std::string expected = FormatPosition(advance.expected, advance.progress);
  const std::string message =
      row == nullptr
          ? fmt::format("_export_state has no row for {}, although export {} begins at {}",
                        advance.source_table, advance.n, expected)
          : fmt::format(
                "the row of {} in _export_state stands at {}, behind {} where export {} "
                "begins",
                advance.source_table,
                FormatPosition(PositionOf(*row, advance.progress), advance.progress), expected,
                advance.n);
  return Fail(Error{ErrorKind::kConflict, message, kRemedy});
}

RowChange Keep(const Advance& advance) {
  return RowChange{RowChange::Kind::kKeep, advance.source_table, advance.progress, 0,
                   advance.ran_at};
}

}  // namespace

std::optional<int64_t> PositionOf(const StateRow& row, Progress progress) {
  if (progress == Progress::kEndTime) {
    if (!row.last_exported_end_time) return std::nullopt;
    return row.last_exported_end_time->micros;
  }
  if (!row.last_exported_version) return std::nullopt;
  return row.last_exported_version->value;
}

std::string FormatPosition(std::optional<int64_t> position, Progress progress) {
  if (!position) return "nowhere (NULL)";
  if (progress == Progress::kVersion) return fmt::format("version {}", *position);
  return FormatTimestamp(Timestamp{*position});
}

Error DuplicateRows(const std::vector<StateRow>& rows) {
  std::string positions;
  for (const StateRow& row : rows) {
    if (!positions.empty()) positions += " and ";
    const bool by_time = row.last_exported_end_time.has_value();
    const Progress progress = by_time ? Progress::kEndTime : Progress::kVersion;
    positions += FormatPosition(PositionOf(row, progress), progress);
  }
  return Error{ErrorKind::kConflict,
               fmt::format("_export_state has {} rows for {}, at {}", rows.size(),
                           rows.empty() ? "" : rows.front().source_table, positions),
               "`sluice state set` leaves one row, where you say; or delete the wrong ones"};
}

Result<Decision> Decide(const std::vector<StateRow>& rows, std::optional<int64_t> followed,
                        const Advance& advance) {
  if (Followed(followed, advance.n)) return Decision{AdvanceOutcome::kAlreadyThere, std::nullopt};
  Decision keep{AdvanceOutcome::kWritten, Keep(advance)};
  if (!advance.value) return keep;
  if (rows.size() > 1) return Fail(DuplicateRows(rows));
  const StateRow* row = rows.empty() ? nullptr : &rows.front();
  const auto position = row == nullptr ? std::nullopt : PositionOf(*row, advance.progress);
  if (position == advance.value) return keep;
  if (position > advance.value) {  // nullopt is before every value
    keep.outcome = AdvanceOutcome::kRowAhead;
    return keep;
  }
  if (position < advance.expected) return Behind(row, advance);
  return Decision{AdvanceOutcome::kWritten,
                  RowChange{RowChange::Kind::kSet, advance.source_table, advance.progress,
                            *advance.value, advance.ran_at}};
}

Decision Decide(const std::vector<StateRow>& rows, std::optional<int64_t> followed,
                const Reset& reset) {
  if (Followed(followed, reset.n)) return Decision{AdvanceOutcome::kAlreadyThere, std::nullopt};
  RowChange change{RowChange::Kind::kSet, reset.source_table, reset.progress,
                   reset.value.value_or(0), reset.ran_at};
  if (!reset.value) {
    change.kind = rows.empty() ? RowChange::Kind::kKeep : RowChange::Kind::kRemove;
  }
  return Decision{AdvanceOutcome::kWritten, change};
}

}  // namespace sluice::state
