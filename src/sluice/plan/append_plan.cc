#include "sluice/plan/append_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/plan/column_choice.h"
#include "sluice/plan/output_layout.h"

namespace sluice::plan {
namespace {

using ledger::Bound;
using ledger::ExportKind;
using ledger::Position;

std::optional<Timestamp> AsTime(const Bound& bound) {
  const auto* t = std::get_if<Timestamp>(&bound);
  return t == nullptr ? std::nullopt : std::optional(*t);
}

const std::string kForget = "`sluice state forget NAME`";

std::string RowStands(const SourceFacts& facts) {
  const auto row = AsTime(facts.row);
  return !facts.row_exists ? "is missing"
         : !row            ? "has last_exported_end_time NULL"
                           : "stands at " + FormatTimestamp(*row);
}

PlannedExport Window(const Position& before, const SourceFacts& facts, const Bound& row,
                     Timestamp start, Timestamp end) {
  PlannedExport window;
  window.start = start;
  window.end = end;
  window.source_version = facts.source_version;
  window.position = PositionAfter(before, facts, start, end);
  window.state_expected = row;
  window.state_value = end;
  return window;
}

/// A backfill moves no window. It may be the first export of all, so it says which table it was made from.
Position PositionOfBackfill(const config::Table& table, const SourceFacts& facts) {
  Position position = facts.position;
  position.table_id = facts.table_id;
  if (table.late_rows != config::LateRows::kExport) {
    // It holds the late rows that nobody looked for: a later run with late_rows: export must not find them.
    const bool is_newest =
        !position.scanned_through || *position.scanned_through <= facts.source_version;
    if (is_newest) MarkScanned(position, facts);
  }
  return position;
}

/// Where the first window of all begins, by `start`. `relative`: it was resolved against `now` and must
/// be remembered as an empty window.
struct FirstStart {
  Timestamp at;
  bool relative = false;
};

FirstStart ResolveStart(const config::AppendStart& start, Timestamp now) {
  if (const auto* time = std::get_if<config::StartTime>(&start)) return {time->at, false};
  if (const auto* ago = std::get_if<config::StartAgo>(&start)) {
    return {now - ago->before_now, true};
  }
  return {now, true};
}

int64_t FloorDiv(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

int64_t LocalMicros(Timestamp t, const TimeZone& zone) {
  const CivilTime c = zone.ToCivil(t);
  const int64_t seconds =
      DaysFromCivil(c.year, c.month, c.day) * 86'400 + c.hour * 3'600 + c.minute * 60 + c.second;
  return seconds * 1'000'000 + c.micros;
}

Timestamp InstantOfLocal(int64_t local_micros, const TimeZone& zone) {
  constexpr int64_t kDay = 86'400'000'000;
  const int64_t days = FloorDiv(local_micros, kDay);
  int64_t rest = local_micros - days * kDay;
  CivilTime civil = CivilFromDays(days);
  civil.micros = static_cast<int>(rest % 1'000'000);
  rest /= 1'000'000;
  civil.hour = static_cast<int>(rest / 3'600);
  civil.minute = static_cast<int>(rest / 60 % 60);
  civil.second = static_cast<int>(rest % 60);
  return zone.ToInstant(civil);
}

}  // namespace

Timestamp BackfillLimit(const config::Table& table, const SourceFacts& facts) {
  if (const auto exported = AsTime(facts.position.end)) return *exported;
  if (const auto row = AsTime(facts.row)) return *row;
  return ResolveStart(table.append().start, facts.now).at;
}

std::optional<Timestamp> EarliestStart(const config::Table& table, const Position& position,
                                       const Bound& row, Timestamp now) {
  if (const auto exported = AsTime(position.end)) return exported;
  if (const auto row_end = AsTime(row)) return row_end;
  return ResolveStart(table.append().start, now).at;
}

Timestamp WindowEnd(const config::Table& table, Timestamp now) {
  constexpr int64_t kHour = 3'600'000'000;
  return Timestamp{FloorDiv((now - table.delay).micros, kHour) * kHour};
}

Timestamp NextWindowAt(const config::Table& table, Timestamp start) {
  constexpr int64_t kHour = 3'600'000'000;
  return Timestamp{(FloorDiv(start.micros, kHour) + 1) * kHour} + table.delay;
}

std::vector<Timestamp> CutAtMultiples(Timestamp start, Timestamp end, Duration chunk,
                                      const TimeZone& zone) {
  std::vector<Timestamp> ends;
  int64_t multiple = FloorDiv(LocalMicros(start, zone), chunk.micros);
  Timestamp last = start;
  while (true) {
    ++multiple;
    const Timestamp cut = InstantOfLocal(multiple * chunk.micros, zone);
    if (cut >= end) break;
    // Where clocks are put back or forward, two multiples may fall on one instant.
    if (cut > last) {
      ends.push_back(cut);
      last = cut;
    }
  }
  ends.push_back(end);
  return ends;
}

Result<std::vector<PlannedExport>> PlanWindows(const config::Table& table,
                                               const SourceFacts& facts) {
  SLUICE_RETURN_IF_ERROR(CheckSource(facts, facts.position.scanned_through, kForget));
  const Timestamp end = WindowEnd(table, facts.now);
  std::vector<PlannedExport> exports;
  Position position = facts.position;
  const auto row_end = AsTime(facts.row);
  Bound row = facts.row;
  Timestamp start;
  if (const auto exported = AsTime(position.end)) {
    if (!row_end || *row_end < *exported) {
      return Fail(
          RowConflict(RowStands(facts), FormatTimestamp(*exported), FormatTimestamp(*exported)));
    }
    start = *row_end;
    if (start >= end) return exports;
    if (start > *exported) {
      PlannedExport reset = Window(position, facts, row, *exported, start);
      reset.what = PlannedReset{"the row in _export_state was moved on by another writer"};
      position = reset.position;
      exports.push_back(std::move(reset));
    }
  } else if (row_end) {
    start = *row_end;  // a notebook exported up to here before us
    if (start >= end) return exports;
  } else {
    const FirstStart first = ResolveStart(table.append().start, facts.now);
    start = first.at;
    if (first.relative) {
      exports.push_back(Window(position, facts, row, start, start));
      position = exports.back().position;
      row = start;
    }
  }
  if (start >= end) return exports;
  const auto& chunk = table.append().chunk;
  const auto cuts =
      chunk ? CutAtMultiples(start, end, *chunk, table.timezone) : std::vector<Timestamp>{end};
  for (const Timestamp cut : cuts) {
    exports.push_back(Window(position, facts, row, start, cut));
    position = exports.back().position;
    start = cut;
    row = cut;
  }
  return exports;
}

PlannedExport PlanLate(const SourceFacts& facts) {
  PlannedExport late;
  late.what = PlannedRows{ExportKind::kLate};
  late.start = facts.position.first_start;
  late.end = facts.position.end;
  late.source_version = facts.source_version;
  late.position = facts.position;
  MarkScanned(late.position, facts);
  late.state_expected = facts.position.end;
  return late;
}

Result<std::vector<PlannedExport>> PlanBackfill(const config::Table& table,
                                                const SourceFacts& facts, Timestamp from,
                                                Timestamp to, std::optional<Duration> chunk,
                                                const std::vector<Replaced>& replaced) {
  SLUICE_RETURN_IF_ERROR(CheckHistory(facts, kForget));
  std::vector<PlannedExport> exports;
  auto cuts = chunk ? CutAtMultiples(from, to, *chunk, table.timezone) : std::vector<Timestamp>{to};
  // An old export is replaced whole by one piece: between two of them its rows would be there twice.
  std::erase_if(cuts, [&](Timestamp cut) {
    return cut < to && std::any_of(replaced.begin(), replaced.end(), [&](const Replaced& old) {
             return old.start < cut && cut < old.end;
           });
  });
  for (const Timestamp cut : cuts) {
    PlannedExport piece;
    PlannedRows rows{ExportKind::kBackfill};
    piece.start = from;
    piece.end = cut;
    piece.source_version = facts.source_version;
    piece.position = PositionOfBackfill(table, facts);
    piece.state_expected = facts.position.end;
    for (const Replaced& old : replaced) {
      const bool by_an_earlier_piece = !exports.empty() && old.end <= from;
      if (old.end <= cut && !by_an_earlier_piece) rows.replaces.push_back(old.n);
    }
    piece.what = std::move(rows);
    exports.push_back(std::move(piece));
    from = cut;
  }
  return exports;
}

PlannedExport PlanFromIntent(const config::Table& table, const ledger::Intent& intent,
                             const SourceFacts& facts) {
  PlannedExport again;
  again.what = PlannedRows{intent.kind, intent.replaces, intent.renewed_start, intent.renewed_end,
                           intent.carried};
  again.start = intent.start;
  again.end = intent.end;
  again.source_version = *intent.source_version;
  const Timestamp start = AsTime(intent.start).value_or(Timestamp{});
  const Timestamp end = AsTime(intent.end).value_or(start);
  switch (intent.kind) {
    case ExportKind::kWindow:
      again = Window(facts.position, facts, facts.row, start, end);
      again.source_version = *intent.source_version;
      break;
    case ExportKind::kLate:
      again.position = facts.position;
      MarkScanned(again.position, facts);
      again.state_expected = facts.position.end;
      break;
    default:
      again.position = PositionOfBackfill(table, facts);
      again.state_expected = facts.position.end;
      break;
  }
  return again;
}

}  // namespace sluice::plan
