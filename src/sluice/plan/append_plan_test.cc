#include "sluice/plan/append_plan.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "sluice/plan/final_partitions.h"
#include "sluice/plan/output_layout.h"
#include "sluice/plan/spark_timestamp.h"
#include "sluice/testing/matchers.h"

namespace sluice::plan {
namespace {

using ledger::Bound;
using ledger::ExportKind;
using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

Timestamp At(std::string_view text) { return ParseTimestamp(text, TimeZone::Utc()).value(); }
TimeZone Zone(std::string_view name) { return TimeZone::Find(name).value(); }
Timestamp TimeOf(const Bound& bound) { return std::get<Timestamp>(bound); }

class AppendPlanTest : public ::testing::Test {
 protected:
  AppendPlanTest() {
    table_.table = "main.sales.events";
    table_.name = "events";
    table_.append().start = config::StartTime{At("2026-01-01")};
    facts_.table_id = "id";
    facts_.source_version = Version{7};
    facts_.exported_schema = "{}";
    facts_.now = At("2026-01-01T09:20:00Z");
  }

  /// As after an export that ended at `end`, with the row beside it.
  void Exported(std::string_view end) {
    facts_.position.first_start = At("2026-01-01");
    facts_.position.end = At(end);
    facts_.position.table_id = "id";
    facts_.position.scanned_through = Version{5};
    Row(end);
  }
  void Row(std::string_view end) {
    facts_.row_exists = true;
    facts_.row = At(end);
  }
  std::vector<PlannedExport> Plan() {
    auto windows = PlanWindows(table_, facts_);
    EXPECT_THAT(windows, IsOk());
    return std::move(windows).value_or(std::vector<PlannedExport>());
  }
  /// "start..end" of each, as times of the day.
  std::vector<std::string> Windows() {
    std::vector<std::string> texts;
    for (const auto& window : Plan()) {
      texts.push_back(ledger::ToText(window.start).substr(11, 5) + ".." +
                      ledger::ToText(window.end).substr(11, 5));
    }
    return texts;
  }

  config::Table table_;
  SourceFacts facts_;
};

TEST_F(AppendPlanTest, WindowEndsAtTheFullHourLessTheDelay) {
  EXPECT_THAT(Windows(), ElementsAre("00:00..09:00"));
  table_.delay = Minutes(30);
  EXPECT_THAT(Windows(), ElementsAre("00:00..08:00"));
  table_.delay = Minutes(20);
  EXPECT_THAT(Windows(), ElementsAre("00:00..09:00")) << "exactly on the hour";
}

TEST_F(AppendPlanTest, ChunkCutsTheWindow) {
  table_.append().chunk = Hours(4);
  EXPECT_THAT(Windows(), ElementsAre("00:00..04:00", "04:00..08:00", "08:00..09:00"));
}

TEST_F(AppendPlanTest, NextWindowBeginsWhereTheLastEnded) {
  Exported("2026-01-01T07:00:00Z");
  EXPECT_THAT(Windows(), ElementsAre("07:00..09:00"));
  EXPECT_EQ(Plan()[0].state_expected, Bound(At("2026-01-01T07:00:00Z")));
  EXPECT_EQ(Plan()[0].state_value, Bound(At("2026-01-01T09:00:00Z")));
}

TEST_F(AppendPlanTest, NothingNewIsNoWindow) {
  Exported("2026-01-01T09:00:00Z");
  EXPECT_THAT(Plan(), IsEmpty());
  facts_.now = At("2026-01-01T05:00:00Z");
  EXPECT_THAT(Plan(), IsEmpty()) << "a clock that went back";
}

TEST_F(AppendPlanTest, RowThatANotebookMovedOnIsFollowedByAReset) {
  Exported("2026-01-01T05:00:00Z");
  Row("2026-01-01T07:00:00Z");
  const auto plan = Plan();
  ASSERT_THAT(plan, SizeIs(2));
  EXPECT_EQ(plan[0].kind(), ExportKind::kReset);
  EXPECT_THAT(Windows(), ElementsAre("05:00..07:00", "07:00..09:00"));
}

TEST_F(AppendPlanTest, RowBehindNullOrMissingIsAConflict) {
  Exported("2026-01-01T07:00:00Z");
  Row("2026-01-01T06:00:00Z");
  EXPECT_THAT(PlanWindows(table_, facts_), IsError(ErrorKind::kConflict));
  EXPECT_THAT(PlanWindows(table_, facts_), HasMessage("2026-01-01T06:00:00Z"));
  EXPECT_THAT(PlanWindows(table_, facts_), HasMessage("2026-01-01T07:00:00Z"));
  facts_.row = {};
  EXPECT_THAT(PlanWindows(table_, facts_), HasMessage("NULL"));
  facts_.row_exists = false;
  EXPECT_THAT(PlanWindows(table_, facts_), HasMessage("is missing"));
}

TEST_F(AppendPlanTest, FirstRunGoesOnFromANotebooksRow) {
  Row("2026-01-01T03:00:00Z");
  EXPECT_THAT(Windows(), ElementsAre("03:00..09:00"));
}

TEST_F(AppendPlanTest, RelativeStartIsRememberedAsAnEmptyWindow) {
  table_.append().start = config::StartNow{};
  const auto now = Plan();
  ASSERT_THAT(now, SizeIs(1));
  EXPECT_EQ(now[0].start, now[0].end);
  EXPECT_EQ(TimeOf(now[0].end), facts_.now);
  table_.append().start = config::StartAgo{Hours(2)};
  const auto ago = Plan();
  ASSERT_THAT(ago, SizeIs(2));
  EXPECT_EQ(TimeOf(ago[0].end), At("2026-01-01T07:20:00Z"));
  EXPECT_EQ(ago[1].start, ago[0].end);
  EXPECT_EQ(ago[1].state_expected, ago[0].state_value);
}

TEST_F(AppendPlanTest, LogThatWasBegunAnewIsAConflict) {
  Exported("2026-01-01T07:00:00Z");
  facts_.position.scanned_commit = "digest";
  facts_.scanned_commit = "another";
  EXPECT_THAT(PlanWindows(table_, facts_), IsError(ErrorKind::kConflict));
  EXPECT_THAT(PlanWindows(table_, facts_), HasMessage("recreated"));
  facts_.scanned_commit = "digest";
  facts_.source_version = Version{4};
  EXPECT_THAT(PlanWindows(table_, facts_), IsError(ErrorKind::kConflict)) << "went back in time";
}

TEST_F(AppendPlanTest, TableThatWasReplacedInItsLogGoesOn) {
  Exported("2026-01-01T07:00:00Z");
  Row("2026-01-01T07:00:00Z");
  facts_.table_id = "another";
  facts_.source_commit = "newest";
  const auto plan = PlanWindows(table_, facts_).value();
  ASSERT_THAT(plan, SizeIs(1));
  EXPECT_EQ(plan.front().position.table_id, "another");
  EXPECT_EQ(plan.front().position.scanned_commit, "newest");
}

TEST_F(AppendPlanTest, LateRowsOfAReplacedTableBelongToTheNewOne) {
  Exported("2026-01-01T07:00:00Z");
  facts_.table_id = "another";
  const PlannedExport late = PlanLate(facts_);
  EXPECT_EQ(late.position.table_id, "another");
  EXPECT_EQ(late.position.scanned_through, facts_.source_version);
  EXPECT_EQ(late.position.end, facts_.position.end);
}

TEST_F(AppendPlanTest, CommitThatIsNotKnownAnyMoreIsAcceptedAsOurs) {
  Exported("2026-01-01T07:00:00Z");
  Row("2026-01-01T07:00:00Z");
  facts_.position.scanned_commit = "digest";
  EXPECT_THAT(Windows(), ElementsAre("07:00..09:00")) << "cleaned up";
  facts_.position.scanned_commit.clear();
  facts_.scanned_commit = "digest";
  EXPECT_THAT(Windows(), ElementsAre("07:00..09:00")) << "exported by an older program";
}

TEST_F(AppendPlanTest, BackfillReplacesANumberOnceAllOfItCameAnew) {
  Exported("2026-01-01T09:00:00Z");
  const auto plan =
      PlanBackfill(table_, facts_, At("2026-01-01T00:00:00Z"), At("2026-01-01T06:00:00Z"), Hours(3),
                   {{1, At("2026-01-01T02:00:00Z"), At("2026-01-01T00:00:00Z")},
                    {2, At("2026-01-01T05:00:00Z"), At("2026-01-01T03:00:00Z")},
                    {3, At("2026-01-01T06:00:00Z"), At("2026-01-01T05:00:00Z")},
                    {4, At("2026-01-01T07:00:00Z"), At("2026-01-01T06:00:00Z")}});
  ASSERT_THAT(plan, IsOk());
  ASSERT_THAT(*plan, SizeIs(2));
  EXPECT_THAT(std::get<PlannedRows>((*plan)[0].what).replaces, ElementsAre(1));
  EXPECT_THAT(std::get<PlannedRows>((*plan)[1].what).replaces, ElementsAre(2, 3))
      << "4 holds more than the backfill";
  EXPECT_EQ((*plan)[1].position.end, facts_.position.end) << "state and position stay";
}

TEST_F(AppendPlanTest, BackfillBeforeTheFirstRunNamesItsTable) {
  const auto plan =
      PlanBackfill(table_, facts_, At("2025-12-01"), At("2025-12-02"), std::nullopt, {});
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->front().position.table_id, "id");
}

TEST_F(AppendPlanTest, BackfillThatIsAdoptedStandsWhereItsFirstRunnerWouldHaveLeftIt) {
  Exported("2026-01-01T09:00:00Z");
  table_.late_rows = config::LateRows::kReport;
  const auto plan =
      PlanBackfill(table_, facts_, At("2026-01-01"), At("2026-01-02"), std::nullopt, {});
  ASSERT_THAT(plan, IsOk());
  ledger::Intent intent;
  intent.kind = ExportKind::kBackfill;
  intent.start = plan->front().start;
  intent.end = plan->front().end;
  intent.source_version = facts_.source_version;
  const PlannedExport again = PlanFromIntent(table_, intent, facts_);
  EXPECT_EQ(plan->front().position.scanned_through, facts_.source_version);
  EXPECT_EQ(again.position.scanned_through, facts_.source_version) << "late rows would come twice";
}

const std::vector<std::string> kZones{"UTC",          "America/Los_Angeles", "Australia/Lord_Howe",
                                      "Asia/Kolkata", "America/Havana",      "Pacific/Apia"};

// From any position and row that do not conflict, whatever the chunk: what is planned begins where the
// export stands, each window where the last one ended, and the last ends where it must.
RC_GTEST_FIXTURE_PROP(AppendPlanTest, WindowsHaveNoGapAndNoOverlap, ()) {
  table_.timezone = Zone(*rc::gen::elementOf(kZones));
  const int64_t begin = At("2011-12-01").micros;
  const auto minutes = [&] { return *rc::gen::inRange<int64_t>(0, 60 * 24 * 60); };
  const Timestamp exported{begin + minutes() * 60'000'000};
  const Timestamp row = exported + Minutes(*rc::gen::element<int64_t>(0, 0, 37, 3000));
  facts_.position.end = exported;
  facts_.position.table_id = "id";
  facts_.row_exists = true;
  facts_.row = row;
  facts_.now = Timestamp{begin + 2 * minutes() * 60'000'000};
  table_.append().chunk = *rc::gen::element<std::optional<Duration>>(std::nullopt, Hours(1),
                                                                     Hours(5), Days(1), Days(7));
  const auto windows = PlanWindows(table_, facts_).value();
  const Timestamp end = WindowEnd(table_, facts_.now);
  RC_ASSERT(windows.empty() == (row >= end));
  if (windows.empty()) return;
  Timestamp at = exported;
  Bound state = row;
  for (const auto& window : windows) {
    RC_ASSERT((TimeOf(window.start) == at));
    at = TimeOf(window.end);
    RC_ASSERT((TimeOf(window.start) < at));
    RC_ASSERT((window.position.end == window.end));
    RC_ASSERT((window.state_expected == state));
    state = window.state_value;
  }
  RC_ASSERT((at == end));
}

RC_GTEST_PROP(CutAtMultiplesProperty, CutsLieOnMultiplesOfTheLocalClock, ()) {
  const TimeZone zone = Zone(*rc::gen::elementOf(kZones));
  const Timestamp start{At("2011-11-01").micros +
                        *rc::gen::inRange<int64_t>(0, 90) * 77'777'777'777};
  const Timestamp end = start + Minutes(*rc::gen::inRange<int64_t>(1, 100'000));
  const Duration chunk = Hours(*rc::gen::element<int64_t>(1, 6, 24, 48));
  Timestamp last = start;
  for (const Timestamp cut : CutAtMultiples(start, end, chunk, zone)) {
    RC_ASSERT(cut > last);
    RC_ASSERT((cut - last).micros <= chunk.micros + Hours(25).micros);
    last = cut;
    if (cut == end) continue;
    RC_ASSERT(zone.ToCivil(cut).minute % 30 == 0);
    RC_ASSERT(zone.ToCivil(cut).second == 0);
  }
  RC_ASSERT((last == end));
}

TEST(CutAtMultiplesTest, DaysAreLocalDaysWhateverTheirLength) {
  const TimeZone zone = Zone("America/Los_Angeles");
  EXPECT_THAT(CutAtMultiples(At("2026-03-07T08:00:00Z"), At("2026-03-10T07:00:00Z"), Days(1), zone),
              ElementsAre(At("2026-03-08T08:00:00Z"), At("2026-03-09T07:00:00Z"),
                          At("2026-03-10T07:00:00Z")));
}

/// A row every quarter of an hour, exported by adjoining windows.
struct FinalPartitionsRun {
  Partitioning partitioning;
  Timestamp start;
  std::map<std::string, int> final;           ///< how often each folder was called final
  std::map<std::string, Timestamp> last_row;  ///< of each folder

  void Export(Timestamp end) {
    std::set<std::string> touched;
    constexpr int64_t kQuarter = 900'000'000;
    for (Timestamp t{(start.micros / kQuarter + 1) * kQuarter}; t <= end; t = t + Minutes(15)) {
      touched.insert(PartitionFolder(t, partitioning));
      last_row[PartitionFolder(t, partitioning)] = t;
    }
    for (const auto& folder : FinalPartitions(touched, start, end, partitioning)) ++final[folder];
    start = end;
  }
};

RC_GTEST_PROP(FinalPartitionsProperty, EachFolderIsFinalOnceAndGetsNoRowAfterwards, ()) {
  FinalPartitionsRun run;
  run.partitioning = {*rc::gen::element(Partitioning::Kind::kHour, Partitioning::Kind::kDay),
                      Zone(*rc::gen::elementOf(kZones)),
                      {}};
  run.start = At("2026-02-25") + Hours(*rc::gen::inRange<int64_t>(0, 24 * 300));
  for (int i = 0; i < 4; ++i) {
    run.Export(run.start + Minutes(15 * *rc::gen::inRange<int64_t>(1, 300)));
    for (const auto& [folder, times] : run.final) RC_ASSERT(times == 1);
    for (const auto& [folder, last] : run.last_row) {
      const bool ended = last + Hours(27) <= run.start;
      if (ended) RC_ASSERT(run.final.contains(folder));
    }
  }
}

TEST(FinalPartitionsTest, HoursWithoutARowAreNotListed) {
  const Partitioning hourly{Partitioning::Kind::kHour, TimeZone::Utc(), {}};
  EXPECT_THAT(FinalPartitions({"dt=1970-01-01/hr=00", "dt=2026-01-01/hr=08"}, std::nullopt,
                              At("2026-01-01T09:00:00Z"), hourly),
              ElementsAre("dt=1970-01-01/hr=00", "dt=2026-01-01/hr=08"));
}

TEST(FinalPartitionsTest, FolderOfTheStartIsClosedByTheWindowThatPassesItsEnd) {
  const Partitioning daily{Partitioning::Kind::kDay, TimeZone::Utc(), {}};
  EXPECT_THAT(FinalPartitions({}, At("2026-01-01T22:00:00Z"), At("2026-01-01T23:00:00Z"), daily),
              IsEmpty());
  EXPECT_THAT(FinalPartitions({}, At("2026-01-01T23:00:00Z"), At("2026-01-02T00:00:00Z"), daily),
              ElementsAre("dt=2026-01-01"));
}

TEST(SparkTimestampTest, DatesAndLocalTimesAreReadInTheZone) {
  const TimeZone zone = Zone("Asia/Kolkata");
  const int64_t local = At("2026-01-31 09:00").micros;
  EXPECT_EQ(CastNtzToTimestamp(local, zone), At("2026-01-31T03:30:00Z"));
  EXPECT_EQ(CastDateToTimestamp(static_cast<int32_t>(DaysFromCivil(2026, 1, 31)), zone),
            At("2026-01-30T18:30:00Z"));
  EXPECT_EQ(FormatDate(At("2026-01-30T18:30:00Z"), zone), "2026-01-31");
  EXPECT_EQ(FormatHour(At("2026-01-30T18:30:00Z"), zone), "00");
}

}  // namespace
}  // namespace sluice::plan
