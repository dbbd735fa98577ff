#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/commit_stream.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/log/table_state.h"
#include "sluice/delta/snapshot/load_snapshot.h"

namespace sluice::delta {
namespace {

bool HoldsFields(const std::vector<Field>& before, const std::vector<Field>& now);

// Whether values of the type `before` fit into `now`, what `now` does not have aside.
bool HoldsType(const DataType& before, const DataType& now) {
  if (before.id == now.id && !now.fields.empty()) return HoldsFields(before.fields, now.fields);
  return CanReadAs(TableSchema{{Field{"value", before}}}, TableSchema{{Field{"value", now}}});
}

// The same of the fields that both have: by column mapping one of another physical name is another field.
bool HoldsFields(const std::vector<Field>& before, const std::vector<Field>& now) {
  return std::all_of(now.begin(), now.end(), [&](const Field& field) {
    const auto old = std::find_if(before.begin(), before.end(), [&](const Field& other) {
      return SameColumnName(other.name, field.name);
    });
    if (old == before.end() || old->physical_name != field.physical_name) return true;
    return HoldsType(old->type, field.type);
  });
}

std::string Versions(Version first, Version last) {
  return first == last ? fmt::format("version {}", first.value)
                       : fmt::format("versions {} to {}", first.value, last.value);
}

Result<TableState> LoadState(const Log& log, Version version) {
  SnapshotOptions options;
  options.at = version;
  options.with_files = false;
  SLUICE_ASSIGN_OR_RETURN(Snapshot snapshot, LoadSnapshot(log, options));
  return TableState{std::move(snapshot.protocol), std::move(snapshot.metadata), log.authority()};
}

// The commits of [first, last] as far as they follow one another without a gap.
std::span<const CommitFile> Contiguous(const LogListing& listing, Version first, Version last) {
  const auto begin =
      std::lower_bound(listing.commits.begin(), listing.commits.end(), first,
                       [](const CommitFile& file, Version v) { return file.version < v; });
  auto end = begin;
  for (Version due = first; end != listing.commits.end() && end->version == due && due <= last;
       due = Next(due)) {
    ++end;
  }
  return {begin, end};
}

// The first version of [from, last] that has its commit and can be rebuilt from what is left:
// commits without a gap lead to it from version 0 or from a checkpoint. `listing` is of the whole
// log.
std::optional<Version> FirstRebuildable(const LogListing& listing, Version from, Version last) {
  Version base;       // the newest checkpoint so far; none counts as the state before version 0
  Version run_start;  // of the commits without a gap
  auto checkpoint = listing.checkpoints.begin();
  for (size_t i = 0; i < listing.commits.size(); ++i) {
    const Version version = listing.commits[i].version;
    if (version > last) break;
    if (i == 0 || version != Next(listing.commits[i - 1].version)) run_start = version;
    for (; checkpoint != listing.checkpoints.end() && checkpoint->version <= version;
         ++checkpoint) {
      base = checkpoint->version;
    }
    if (version >= from && run_start <= Next(base)) return version;
  }
  return std::nullopt;
}

// Looks for where a feed may begin, and says why one ends.
class FeedSurvey {
 public:
  FeedSurvey(const Log& log, const LogListing& listing, const Snapshot& source,
             const FeedOptions& options)
      : log_(log),
        listing_(listing),
        source_(source),
        options_(options),
        table_(log.store().DisplayName("")) {}

  // The first version from `from` on, up to the source's, at which a range can begin.
  Result<std::optional<Version>> NextStart(Version from) const {
    SLUICE_ASSIGN_OR_RETURN(const LogListing whole, log_.List());
    const auto base = FirstRebuildable(whole, from, source_.version);
    if (!base) return std::optional<Version>();
    std::optional<Version> start;
    std::optional<TableState> state;  // none where sluice can't read the version
    const auto look = [&](Version version) -> Status {
      if (!state) {
        auto loaded = LoadState(log_, version);
        if (!loaded && loaded.error().kind == ErrorKind::kUnsupported) return {};
        if (!loaded) return Fail(std::move(loaded).error());
        state = *std::move(loaded);
      }
      if (EraOf(*state, version, options_.changes)) start = version;
      return {};
    };
    SLUICE_RETURN_IF_ERROR(look(*base));
    if (start) return start;
    SLUICE_RETURN_IF_ERROR(VisitCommits(log_, Contiguous(whole, Next(*base), source_.version),
                                        ReadTableActions, [&](Commit commit) -> Result<bool> {
                                          if (!commit.metadata && !commit.protocol) return true;
                                          const Version version = commit.version;
                                          if (state && !state->Take(commit, table_)) state.reset();
                                          SLUICE_RETURN_IF_ERROR(look(version));
                                          return !start;
                                        }));
    return start;
  }

  // The table's state at `version`. Where the log before it was cleaned up, the next checkpoint knows it, unless a
  // commit up to there changed it.
  Result<TableState> StateAt(Version version) const {
    auto state = LoadState(log_, version);
    if (state || state.error().kind != ErrorKind::kSourceGone) return state;
    SLUICE_ASSIGN_OR_RETURN(const LogListing whole, log_.List());
    const auto checkpoint = std::find_if(
        whole.checkpoints.begin(), whole.checkpoints.end(), [&](const CheckpointFile& file) {
          return file.version > version && file.version <= source_.version;
        });
    if (checkpoint == whole.checkpoints.end()) return state;
    const auto between = Contiguous(whole, Next(version), checkpoint->version);
    bool same = static_cast<int64_t>(between.size()) == checkpoint->version.value - version.value;
    if (!same) return state;
    SLUICE_RETURN_IF_ERROR(
        VisitCommits(log_, between, ReadTableActions, [&](Commit commit) -> Result<bool> {
          same = !commit.metadata && !commit.protocol;
          return same;
        }));
    return same ? LoadState(log_, checkpoint->version) : state;
  }

  Result<FeedCut> FeedOff(Version at) const {
    SLUICE_ASSIGN_OR_RETURN(const auto resume, NextStart(Next(at)));
    FeedCut cut{FeedCutCause::kFeedOff, at, resume, {}};
    cut.error.kind = ErrorKind::kSourceGone;
    const bool by_rows = options_.changes == ChangesWanted::kAuto;
    if (resume) {
      cut.error.message = fmt::format(
          "{}: the change data feed was off in {}{}, so their changes were not recorded; the first "
          "version from which it can be read again is {}",
          table_, Versions(at, Version{resume->value - 1}), by_rows ? ", row tracking too" : "",
          resume->value);
      cut.error.remedy = std::string(kStartAgain);
    } else {
      cut.error.message = fmt::format(
          "{}: the change data feed is off from version {} up to the latest, {}{}: changes are not "
          "recorded, and no later version can be read",
          table_, at.value, source_.version.value, by_rows ? ", row tracking too" : "");
      cut.error.remedy = fmt::format(
          "turn {} on (ALTER TABLE ... SET TBLPROPERTIES (delta.enableChangeDataFeed = true){}), "
          "then start again from a snapshot",
          by_rows ? "one of them" : "it", by_rows ? ", or delta.enableRowTracking" : "");
    }
    if (by_rows) {
      cut.error.remedy +=
          "; or set `changes: rows`: whole rows are compared, as inserts and deletes";
    }
    return cut;
  }

  Result<FeedCut> CleanedUp(Version at) const {
    SLUICE_ASSIGN_OR_RETURN(const auto resume, NextStart(at));
    FeedCut cut{FeedCutCause::kLogCleanedUp, at, resume, {}};
    cut.error.kind = ErrorKind::kSourceGone;
    cut.error.message =
        resume ? fmt::format(
                     "{}: the log of {} was cleaned up, and their changes with it; the first "
                     "version from which the change data feed can be read is {}",
                     table_, Versions(at, Version{resume->value - 1}), resume->value)
               : fmt::format(
                     "{}: the log was cleaned up: the changes from version {} on can't be "
                     "read, and up to the latest version, {}, none that can",
                     table_, at.value, source_.version.value);
    cut.error.remedy = fmt::format(
        "{}; raise delta.logRetentionDuration of the source table, or run more often", kStartAgain);
    return cut;
  }

  Result<FeedCut> Unsupported(Version at, Error why) const {
    SLUICE_ASSIGN_OR_RETURN(const auto resume, NextStart(Next(at)));
    if (resume) {
      why.message +=
          fmt::format("; the first version from which the feed can be read is {}", resume->value);
      why.remedy = std::string(kStartAgain);
    }
    return FeedCut{FeedCutCause::kUnsupported, at, resume, std::move(why)};
  }

  FeedCut SchemaChange(Version at, const TableSchema& before, const TableSchema& after) const {
    FeedCut cut{FeedCutCause::kSchemaChange, at, at, {}};
    cut.error.kind = ErrorKind::kUnsupported;
    cut.error.message = fmt::format("{}: version {} changed the schema ({}){}", table_, at.value,
                                    fmt::join(DescribeSchemaChange(before, after), ", "),
                                    options_.own_schema ? "" : ", and an export has one schema");
    cut.error.remedy = fmt::format("read the feed up to version {}, and then from version {}",
                                   at.value - 1, at.value);
    return cut;
  }

  // The cut, if any, because the commit at `at` gave a column another type and took rows away in the same
  // step, as an overwrite does: what it took away lies in files of the old type, which the new schema can't
  // hold. Nothing is known where the version before it is gone.
  Result<std::optional<FeedCut>> TakenAway(Version at, const TableSchema& now) const {
    SLUICE_ASSIGN_OR_RETURN(const Commit commit, log_.ReadCommit(at));
    const bool takes = std::any_of(commit.removes.begin(), commit.removes.end(),
                                   [](const RemoveFile& remove) { return remove.data_change; });
    if (!commit.metadata || !commit.cdc.empty() || !takes || at.value == 0) return std::nullopt;
    const auto before = LoadState(log_, Version{at.value - 1});
    if (!before || HoldsFields(before->metadata.schema.fields, now.fields)) return std::nullopt;
    SLUICE_ASSIGN_OR_RETURN(const auto resume, NextStart(Next(at)));
    FeedCut cut{FeedCutCause::kSchemaChange, at, resume, {}};
    cut.error.kind = ErrorKind::kSourceGone;
    cut.error.message = fmt::format(
        "{}: version {} rewrote the table with another schema ({}): the rows that it took away "
        "cannot be expressed in the new one; {}",
        table_, at.value, fmt::join(DescribeSchemaChange(before->metadata.schema, now), ", "),
        resume
            ? fmt::format("the first version from which the feed can be read is {}", resume->value)
            : std::string("no later version can be read"));
    cut.error.remedy = std::string(kStartAgain);
    return cut;
  }

  // Walks from `first`, whose state is `state`, to `last`, and ends `range` where it must.
  Status Walk(TableState state, Version last, FeedRange& range) const {
    const bool serves_source =
        !options_.own_schema && CanReadAs(state.metadata.schema, source_.metadata.schema);
    range.schema = serves_source ? source_.metadata.schema : state.metadata.schema;
    range.last = last;
    range.eras = {*EraOf(state, range.first, options_.changes)};
    SLUICE_RETURN_IF_ERROR(VisitCommits(
        log_, Contiguous(listing_, Next(range.first), last), ReadTableActions,
        [&](Commit commit) -> Result<bool> {
          if (!commit.metadata && !commit.protocol) return true;
          const Version version = commit.version;
          SLUICE_ASSIGN_OR_RETURN(range.cut, CutBy(commit, serves_source, state, range));
          if (range.cut) range.last = Version{version.value - 1};
          return !range.cut;
        }));
    return {};
  }

 private:
  // The cut, if any, that this commit's metadata makes; `served` follows where it may.
  Result<std::optional<FeedCut>> CutBy(const Commit& commit, bool serves_source, TableState& state,
                                       FeedRange& range) const {
    const Version version = commit.version;
    const TableSchema before = state.metadata.schema;
    auto readable = state.Take(commit, table_);
    if (!readable) {
      if (readable.error().kind != ErrorKind::kUnsupported) return Fail(readable.error());
      return Unsupported(version, std::move(readable).error());
    }
    auto era = EraOf(state, version, options_.changes);
    if (!era) return FeedOff(version);
    const TableSchema& now = state.metadata.schema;
    const bool same = !options_.own_schema || DescribeSchemaChange(before, now).empty();
    const bool fits =
        same && (serves_source ? CanReadAs(now, range.schema) : CanReadAs(range.schema, now));
    if (!fits) return SchemaChange(version, before, now);
    if (!serves_source) range.schema = now;
    range.eras.push_back(*std::move(era));
    return std::optional<FeedCut>();
  }

  const Log& log_;
  const LogListing& listing_;
  const Snapshot& source_;
  const FeedOptions& options_;
  const std::string table_;
};

// The range that holds nothing because of `cut`.
FeedRange NothingBecauseOf(FeedCut cut, FeedRange range) {
  range.last = Version{range.first.value - 1};
  range.cut = std::move(cut);
  return range;
}

Result<FeedRange> Survey(const FeedSurvey& survey, Version last, FeedRange range) {
  auto state = survey.StateAt(range.first);
  if (!state && state.error().kind == ErrorKind::kSourceGone) {
    SLUICE_ASSIGN_OR_RETURN(FeedCut cut, survey.CleanedUp(range.first));
    return NothingBecauseOf(std::move(cut), std::move(range));
  }
  if (!state && state.error().kind == ErrorKind::kUnsupported) {
    SLUICE_ASSIGN_OR_RETURN(FeedCut cut, survey.Unsupported(range.first, std::move(state).error()));
    return NothingBecauseOf(std::move(cut), std::move(range));
  }
  if (!state) return Fail(std::move(state).error());
  if (!EraOf(*state, range.first, range.options.changes)) {
    SLUICE_ASSIGN_OR_RETURN(FeedCut cut, survey.FeedOff(range.first));
    return NothingBecauseOf(std::move(cut), std::move(range));
  }
  SLUICE_ASSIGN_OR_RETURN(auto taken, survey.TakenAway(range.first, state->metadata.schema));
  if (taken) return NothingBecauseOf(*std::move(taken), std::move(range));
  SLUICE_RETURN_IF_ERROR(survey.Walk(*std::move(state), last, range));
  return range;
}

}  // namespace

Result<FeedRange> SurveyFeed(const Log& log, const Snapshot& source, Version first, Version last,
                             const FeedOptions& options) {
  const std::string table = log.store().DisplayName("");
  if (first.value < 0 || first > Next(source.version)) {
    return Fail(
        Error{ErrorKind::kConflict,
              fmt::format("{}: changes from version {} on are wanted, but the latest version "
                          "is {}",
                          table, first.value, source.version.value),
              "if the table was recreated at its path, start again from a snapshot"});
  }
  last = std::min(last, source.version);
  FeedRange range;
  range.first = first;
  range.last = Version{first.value - 1};
  range.schema = source.metadata.schema;
  range.options = options;
  if (first > last) return range;
  SLUICE_ASSIGN_OR_RETURN(
      const LogListing listing,
      log.List(Version{std::max<int64_t>(first.value - CommitTimes::kVersionsBefore, 0)}));
  const FeedSurvey survey(log, listing, source, options);
  if (auto whole = Log::RequireContiguous(listing, first, last, table); !whole) {
    if (whole.error().kind != ErrorKind::kSourceGone) return Fail(std::move(whole).error());
    SLUICE_ASSIGN_OR_RETURN(FeedCut cut, survey.CleanedUp(first));
    return NothingBecauseOf(std::move(cut), std::move(range));
  }
  range.times = CommitTimes(listing, first, last);
  return Survey(survey, last, std::move(range));
}

Result<Version> FeedEnabledSince(const Log& log, const Snapshot& source, ChangesWanted wanted) {
  const std::string table = log.store().DisplayName("");
  SLUICE_ASSIGN_OR_RETURN(LogListing listing, log.List());
  const TableState latest{source.protocol, source.metadata, log.authority()};
  // `enabled` means the feed where there is one.
  if (EraOf(latest, source.version, ChangesWanted::kFeed)) wanted = ChangesWanted::kFeed;
  const FeedOptions options{wanted};
  const FeedSurvey survey(log, listing, source, options);
  if (!EraOf(latest, source.version, wanted)) {
    SLUICE_ASSIGN_OR_RETURN(FeedCut cut, survey.FeedOff(source.version));
    return Fail(std::move(cut.error));
  }
  const auto newest =
      std::find_if(listing.commits.rbegin(), listing.commits.rend(),
                   [&](const auto& file) { return file.version <= source.version; });
  std::vector<CommitFile> backwards(newest, listing.commits.rend());
  Version due = source.version;
  std::optional<Version> enabled;
  bool found = false;
  SLUICE_RETURN_IF_ERROR(
      VisitCommits(log, backwards, ReadTableActions, [&](Commit commit) -> Result<bool> {
        if (commit.version != due) return false;
        due = Version{due.value - 1};
        if (!commit.metadata) return true;
        // A table that tracks rows has the feature; what else its protocol was says nothing here.
        const TableState then{source.protocol, *std::move(commit.metadata), log.authority()};
        found = !EraOf(then, commit.version, wanted);
        if (!found) enabled = commit.version;
        return !found;
      }));
  if (enabled && (found || due.value < 0)) return *enabled;
  // The log begins at due + 1: before it, the feed was on already, or its first commit turned it
  // on.
  SLUICE_RETURN_IF_ERROR(Log::RequireContiguous(listing, Next(due), source.version, table));
  SLUICE_ASSIGN_OR_RETURN(const auto readable, survey.NextStart(Version{0}));
  if (enabled && readable == enabled) return *enabled;
  return Fail(Error{
      ErrorKind::kSourceGone,
      fmt::format("{}: the log was cleaned up, and with it the version that turned the change data "
                  "feed on; {}",
                  table,
                  readable ? fmt::format("the first that can be read is {}", readable->value)
                           : std::string("none that is left can be read")),
      "set `start: snapshot`, or `start` to a version that can be read"});
}

}  // namespace sluice::delta
