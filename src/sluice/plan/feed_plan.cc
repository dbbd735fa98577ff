#include "sluice/plan/feed_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/delta/schema/column_mapping.h"
#include "sluice/plan/column_choice.h"
#include "sluice/plan/snapshot_plan.h"

namespace sluice::plan {
namespace {

using ledger::Bound;
using ledger::ExportKind;
using ledger::Position;

const std::string kReseed = "`sluice run NAME --reseed`";

std::optional<Version> AsVersion(const Bound& bound) {
  const auto* v = std::get_if<Version>(&bound);
  return v == nullptr ? std::nullopt : std::optional(*v);
}

std::string RowStands(const FeedFacts& facts) {
  const auto row = AsVersion(facts.row);
  return !facts.row_exists ? "is missing"
         : !row            ? "has last_exported_version NULL"
                           : fmt::format("stands at version {}", row->value);
}

/// The columns of `range` that are exported, as Delta schema JSON.
Result<std::string> ExportedSchema(const config::Table& table, const FeedFacts& facts,
                                   const delta::FeedRange& range) {
  SLUICE_ASSIGN_OR_RETURN(const ColumnChoice choice,
                          ChooseColumnsAsOf(table, range.schema, facts.newest));
  return delta::SchemaToJson(delta::WithMappingOnly(delta::TableSchema{choice.output}));
}

PlannedExport Window(const Position& before, const FeedFacts& facts, Bound row, Version start,
                     Version end) {
  PlannedExport window;
  window.start = start;
  window.end = end;
  window.source_version = facts.source_version;
  window.position = PositionAfter(before, facts, start, end);
  window.state_expected = row;
  window.state_value = end;
  return window;
}

Error NothingFollows(const config::Table& table, const FeedFacts& facts) {
  if (table.cdc().changes == config::Changes::kFeed) {
    return Error{
        ErrorKind::kSourceGone,
        fmt::format("the change data feed is off at version {}, so nothing could follow a seed",
                    facts.source_version.value),
        "turn it on: ALTER TABLE ... SET TBLPROPERTIES (delta.enableChangeDataFeed = true)"};
  }
  return Error{
      ErrorKind::kSourceGone,
      fmt::format("the change data feed and row tracking are off at version {}, so nothing could "
                  "follow a seed",
                  facts.source_version.value),
      "turn one of them on: ALTER TABLE ... SET TBLPROPERTIES (delta.enableChangeDataFeed = true), "
      "or delta.enableRowTracking; or set `changes: rows`: whole rows are compared, as inserts and "
      "deletes"};
}

Result<FeedBeginning> Seed(const config::Table& table, const FeedFacts& facts, ExportKind kind) {
  if (!facts.can_follow) return Fail(NothingFollows(table, facts));
  FeedBeginning beginning;
  beginning.first = PlanSeed(facts, kind);
  return beginning;
}

}  // namespace

Result<FeedBeginning> BeginFeed(const config::Table& table, const FeedFacts& facts) {
  if (facts.reseed) return Seed(table, facts, ExportKind::kReseed);
  const auto exported = AsVersion(facts.position.end);
  const auto row = AsVersion(facts.row);
  SLUICE_RETURN_IF_ERROR(CheckSource(facts, exported, kReseed));
  if (row && *row > facts.source_version) {
    return Fail(
        Error{ErrorKind::kConflict,
              fmt::format("the row in _export_state stands at version {}, the source at {}",
                          row->value, facts.source_version.value),
              "correct the row with `sluice state set NAME VERSION`; with --at-version, name "
              "a later version"});
  }
  FeedBeginning beginning;
  if (exported) {
    if (!row || *row < *exported) {
      return Fail(RowConflict(RowStands(facts), fmt::format("version {}", exported->value),
                              fmt::format("{}", exported->value)));
    }
    beginning.after = row;
    if (*row > *exported) {
      PlannedExport reset = Window(facts.position, facts, *row, *exported, *row);
      reset.what = PlannedReset{"the row in _export_state was moved on by another writer"};
      beginning.first = std::move(reset);
    }
    return beginning;
  }
  if (row) {  // a notebook exported up to here before us
    beginning.after = row;
  } else if (const auto* number = std::get_if<config::StartVersion>(&table.cdc().start)) {
    if (number->first > Next(facts.source_version)) {
      return Fail(Error{
          ErrorKind::kConfig,
          fmt::format(
              "`start` is version {}, but the source's latest is {}: nothing would be exported "
              "until it gets there",
              number->first.value, facts.source_version.value),
          fmt::format("let `start` be a version up to {}, or snapshot or enabled",
                      facts.source_version.value + 1)});
    }
    beginning.after = Version{number->first.value - 1};
  } else if (std::holds_alternative<config::StartEnabled>(table.cdc().start)) {
    beginning.from_enabling = true;
  } else {
    return Seed(table, facts, ExportKind::kSeed);
  }
  return beginning;
}

Result<std::vector<PlannedExport>> PlanFeedWindows(const config::Table& table,
                                                   const FeedFacts& facts, const Position& before,
                                                   Bound row, Version after,
                                                   const std::vector<delta::FeedRange>& ranges,
                                                   std::optional<int64_t> chunk) {
  std::vector<PlannedExport> windows;
  Position position = before;
  for (const auto& range : ranges) {
    SLUICE_ASSIGN_OR_RETURN(const std::string schema, ExportedSchema(table, facts, range));
    while (after < range.last) {
      const int64_t step = chunk.value_or(range.last.value - after.value);
      const Version end{std::min(range.last.value, after.value + step)};
      windows.push_back(Window(position, facts, row, after, end));
      windows.back().position.exported_schema = schema;
      position = windows.back().position;
      after = end;
      row = end;
    }
  }
  return windows;
}

Result<PlannedExport> PlanFeedAgain(const config::Table& table, const ledger::Intent& intent,
                                    const FeedFacts& facts, const delta::FeedRange& range) {
  const auto start = AsVersion(intent.start), end = AsVersion(intent.end);
  if (!start || !end) {
    return Fail(Error{ErrorKind::kCorrupt, "the intent of a feed names no versions",
                      "put the intent back from a backup or an older version of it, as `sluice "
                      "status NAME` names it, then run again"});
  }
  PlannedExport again = Window(facts.position, facts, facts.row, *start, *end);
  SLUICE_ASSIGN_OR_RETURN(again.position.exported_schema, ExportedSchema(table, facts, range));
  again.what = PlannedRows{intent.kind, intent.replaces};
  if (intent.kind == ExportKind::kBackfill) {
    again.position = facts.position;
    again.position.table_id = facts.table_id;
    again.state_expected = facts.position.end;
    again.state_value = Bound();
  }
  return again;
}

Result<ExportTask> MakeFeedTask(const config::Table& table, const PlannedExport& planned,
                                const delta::Metadata& metadata, const delta::FeedRange& range) {
  const auto start = AsVersion(planned.start), end = AsVersion(planned.end);
  if (!start || !end || Next(*start) < range.first || range.last < *end) {
    return Fail(ErrorKind::kInternal, "a window of the feed was planned outside of its range");
  }
  delta::Metadata as_of_range = metadata;
  as_of_range.schema = range.schema;
  SLUICE_ASSIGN_OR_RETURN(
      ExportTask task,
      BeginTask(table, as_of_range, ChooseColumnsAsOf(table, range.schema, metadata.schema)));
  task.output_fields = delta::WithFeedColumns(std::move(task.output_fields));
  task.data_folder = DataFolder(config::Pattern::kCdc, table.name);
  task.partitioning.kind = Partitioning::Kind::kCommitDate;
  FeedRead feed{range};
  feed.range.first = Next(*start);
  feed.range.last = *end;
  // A runner that makes this window again alone must find the same times.
  feed.range.times = range.times.Part(feed.range.first, feed.range.last);
  task.read = std::move(feed);
  return task;
}

}  // namespace sluice::plan
