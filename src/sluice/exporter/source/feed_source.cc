#include "sluice/exporter/source/feed_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/exporter/source/gone_files.h"
#include "sluice/plan/column_choice.h"
#include "sluice/plan/snapshot_plan.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;

std::optional<Version> AsVersion(const ledger::Bound& bound) {
  const auto* v = std::get_if<Version>(&bound);
  return v == nullptr ? std::nullopt : std::optional(*v);
}

delta::ChangesWanted ChangesOf(const config::Table& table) {
  switch (table.cdc().changes) {
    case config::Changes::kFeed:
      return delta::ChangesWanted::kFeed;
    case config::Changes::kAuto:
      return delta::ChangesWanted::kAuto;
    case config::Changes::kRows:
      return delta::ChangesWanted::kRows;
  }
  return delta::ChangesWanted::kFeed;
}

delta::FeedOptions OptionsOf(const config::Table& table) {
  return {ChangesOf(table), table.cdc().schema_mode == config::SchemaMode::kCommit};
}

}  // namespace

Result<std::unique_ptr<FeedSource>> FeedSource::Look(Session& session,
                                                     const ledger::Position& position,
                                                     const SourceOptions& options) {
  std::unique_ptr<FeedSource> source(new FeedSource(session));
  SLUICE_RETURN_IF_ERROR(source->Pin(position, options, {}));
  plan::FeedFacts& facts = source->facts_;
  const delta::Snapshot& snapshot = source->snapshot_;
  facts.can_follow = delta::EraOf({snapshot.protocol, snapshot.metadata}, snapshot.version,
                                  ChangesOf(*session.table))
                         .has_value();
  facts.reseed = options.reseed;
  facts.newest = snapshot.metadata.schema;
  return source;
}

Result<PlannedWork> FeedSource::Plan() {
  PlannedWork work;
  SLUICE_ASSIGN_OR_RETURN(plan::FeedBeginning beginning, plan::BeginFeed(*session_.table, facts_));
  if (beginning.from_enabling) {
    SLUICE_ASSIGN_OR_RETURN(
        const Version enabled,
        delta::FeedEnabledSince(*session_.log, snapshot_, ChangesOf(*session_.table)));
    beginning.after = Version{enabled.value - 1};
  }
  ledger::Position position = facts_.position;
  if (beginning.first) {
    position = beginning.first->position;
    work.exports.push_back(*std::move(beginning.first));
  }
  if (!beginning.after) {
    SLUICE_RETURN_IF_ERROR(plan::CheckNamedColumns(*session_.table, facts_.newest));
    return work;
  }
  SLUICE_ASSIGN_OR_RETURN(Readable readable, Survey(*beginning.after, facts_.source_version,
                                                    OptionsOf(*session_.table)));
  ranges_ = std::move(readable.ranges);
  SLUICE_RETURN_IF_ERROR(CheckEntries());
  work.then = std::move(readable.then);
  work.notes = std::move(readable.notes);
  SLUICE_ASSIGN_OR_RETURN(
      auto windows, plan::PlanFeedWindows(*session_.table, facts_, position, facts_.row,
                                          *beginning.after, ranges_, session_.table->cdc().chunk));
  for (auto& window : windows) work.exports.push_back(std::move(window));
  return work;
}

Status FeedSource::CheckEntries() const {
  std::vector<const delta::TableSchema*> older;
  for (const auto& range : ranges_) older.push_back(&range.schema);
  return plan::CheckNamedColumnsOf(*session_.table, facts_.newest, older);
}

Result<FeedSource::Readable> FeedSource::Survey(Version after, Version last,
                                                const delta::FeedOptions& options) const {
  Readable readable;
  Version from = Next(after);
  while (from <= last) {
    SLUICE_ASSIGN_OR_RETURN(delta::FeedRange range,
                            delta::SurveyFeed(*session_.log, snapshot_, from, last, options));
    const auto cut = range.cut;
    const bool empty = range.empty();
    if (!empty) {
      SLUICE_ASSIGN_OR_RETURN(auto lost, FindLostChanges(session_, snapshot_, range));
      if (lost) {
        range.last = Version{lost->first.value - 1};
        range.cut.reset();
        readable.then = std::move(lost->error);
      }
      if (!range.empty()) readable.ranges.push_back(std::move(range));
      if (readable.then) break;
    }
    if (!cut) break;
    if (cut->loses_changes()) {
      readable.then = cut->error;
      break;
    }
    if (empty)
      return Fail(ErrorKind::kInternal, "the feed is cut at {} and goes on there", cut->at.value);
    readable.notes.push_back(
        fmt::format("the export is cut before version {}: {}", cut->at.value, cut->error.message));
    from = cut->at;
  }
  return readable;
}

Result<plan::PlannedExport> FeedSource::PlanAgain(const ledger::Intent& intent) {
  if (plan::IsWholeTable(intent.kind)) return plan::PlanSnapshotAgain(intent, facts_);
  const auto start = AsVersion(intent.start), end = AsVersion(intent.end);
  if (!start || !end) return Fail(ErrorKind::kConflict, "its intent names no versions");
  // What was begun under another `changes` ends as it was begun: a version that only whole rows tell of was not
  // begun otherwise.
  delta::FeedOptions options = OptionsOf(*session_.table);
  options.changes = delta::ChangesWanted::kRows;
  SLUICE_ASSIGN_OR_RETURN(Readable readable, Survey(*start, *end, options));
  if (readable.then) return Fail(*readable.then);
  if (readable.ranges.size() != 1) {
    return Fail(ErrorKind::kConflict, "versions {} to {} no longer have one schema",
                start->value + 1, end->value);
  }
  ranges_ = std::move(readable.ranges);
  return plan::PlanFeedAgain(*session_.table, intent, facts_, ranges_.front());
}

Result<plan::ExportTask> FeedSource::MakeTask(const plan::PlannedExport& planned) {
  if (plan::IsWholeTable(planned.kind())) {
    return plan::MakeWholeTableTask(*session_.table, planned, snapshot_);
  }
  const auto start = AsVersion(planned.start);
  for (const auto& range : ranges_) {
    if (!start || Next(*start) < range.first || *start >= range.last) continue;
    return plan::MakeFeedTask(*session_.table, planned, snapshot_.metadata, range);
  }
  return Fail(ErrorKind::kInternal, "versions ({}, {}] were not surveyed",
              ledger::ToText(planned.start), ledger::ToText(planned.end));
}

Result<std::optional<plan::PlannedExport>> FeedSource::PlanBeforeRange() {
  return std::nullopt;  // a feed has no late rows: each change has a version of its own
}

Result<int64_t> FeedSource::RangeLimit() {
  if (const auto exported = AsVersion(facts_.position.end)) return exported->value;
  if (const auto row = AsVersion(facts_.row)) return row->value;
  const config::CdcStart& start = session_.table->cdc().start;
  if (const auto* number = std::get_if<config::StartVersion>(&start)) {
    return number->first.value - 1;
  }
  if (std::holds_alternative<config::StartEnabled>(start)) {
    SLUICE_ASSIGN_OR_RETURN(
        const Version enabled,
        delta::FeedEnabledSince(*session_.log, snapshot_, ChangesOf(*session_.table)));
    return enabled.value - 1;
  }
  return facts_.source_version.value;  // a seed is of today or later
}

Result<std::vector<plan::PlannedExport>> FeedSource::PlanRange(
    const plan::Range& range, std::optional<int64_t> chunk,
    const std::vector<plan::ReplacedExport>& replaced) {
  SLUICE_RETURN_IF_ERROR(plan::CheckHistory(facts_, "`sluice run NAME --reseed`"));
  SLUICE_ASSIGN_OR_RETURN(Readable readable, Survey(Version{range.from}, Version{range.to},
                                                    OptionsOf(*session_.table)));
  if (readable.then) return Fail(*readable.then);
  ranges_ = std::move(readable.ranges);
  SLUICE_RETURN_IF_ERROR(CheckEntries());
  SLUICE_ASSIGN_OR_RETURN(
      auto pieces,
      plan::PlanFeedWindows(*session_.table, facts_, facts_.position, {}, Version{range.from},
                            ranges_, replaced.empty() ? chunk : std::nullopt));
  std::vector<bool> done(replaced.size(), false);
  for (auto& piece : pieces) {
    plan::PlannedRows rows{ExportKind::kBackfill};
    piece.position = facts_.position;
    piece.position.table_id = facts_.table_id;  // it may be the first export of all
    piece.state_expected = facts_.position.end;
    piece.state_value = ledger::Bound();
    const int64_t end = AsVersion(piece.end)->value;
    for (size_t i = 0; i < replaced.size(); ++i) {
      if (done[i] || replaced[i].rows.to > end) continue;
      rows.replaces.push_back(replaced[i].n);
      done[i] = true;
    }
    piece.what = std::move(rows);
  }
  return pieces;
}

}  // namespace sluice::exporter
