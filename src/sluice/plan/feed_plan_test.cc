#include "sluice/plan/feed_plan.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "sluice/plan/snapshot_plan.h"
#include "sluice/testing/matchers.h"

namespace sluice::plan {
namespace {

using ledger::Bound;
using ledger::ExportKind;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

constexpr Timestamp kNow{1'767'225'600'400'000};  // 2026-01-01T00:00:00.4Z

class FeedPlanTest : public ::testing::Test {
 protected:
  FeedPlanTest() {
    table_.options = config::CdcOptions{};
    table_.name = "users";
    table_.cdc().start = config::StartSnapshot{};
    facts_.table_id = "id";
    facts_.source_version = Version{20};
    facts_.now = kNow;
    facts_.can_follow = true;
  }
  void Exported(int64_t version) {
    facts_.position.first_start = facts_.position.end = Version{version};
    facts_.position.table_id = "id";
    Row(version);
  }
  void Row(int64_t version) {
    facts_.row_exists = true;
    facts_.row = Version{version};
  }
  FeedBeginning Begin() {
    auto beginning = BeginFeed(table_, facts_);
    EXPECT_THAT(beginning, IsOk());
    return std::move(beginning).value_or(FeedBeginning());
  }
  static delta::FeedRange Range(int64_t first, int64_t last) {
    delta::FeedRange range;
    range.first = Version{first};
    range.last = Version{last};
    delta::Field id;
    id.name = "id";
    id.type.id = delta::TypeId::kLong;
    range.schema.fields = {id};
    return range;
  }

  config::Table table_;
  FeedFacts facts_;
};

TEST_F(FeedPlanTest, StartBeyondTheNextVersionIsRefused) {
  table_.cdc().start = config::StartVersion{Version{21}};
  EXPECT_EQ(Begin().after, Version{20});
  table_.cdc().start = config::StartVersion{Version{99}};
  EXPECT_THAT(BeginFeed(table_, facts_), IsError(ErrorKind::kConfig));
  EXPECT_THAT(BeginFeed(table_, facts_), HasMessage("version 99, but the source's latest is 20"));
}

TEST_F(FeedPlanTest, FirstRunIsASeedAtThePinnedVersion) {
  const FeedBeginning beginning = Begin();
  ASSERT_TRUE(beginning.first.has_value());
  EXPECT_EQ(beginning.first->kind(), ExportKind::kSeed);
  EXPECT_EQ(beginning.first->end, Bound(Version{20}));
  EXPECT_EQ(beginning.first->position.end, Bound(Version{20}));
  EXPECT_FALSE(beginning.after.has_value());
}

TEST_F(FeedPlanTest, SeedThatNoFeedCouldFollowIsRefused) {
  facts_.can_follow = false;
  EXPECT_THAT(BeginFeed(table_, facts_), IsError(ErrorKind::kSourceGone));
}

TEST_F(FeedPlanTest, FirstVersionExportedIsTheOneThatStartNames) {
  table_.cdc().start = config::StartVersion{Version{7}};
  EXPECT_EQ(Begin().after, Version{6});
  table_.cdc().start = config::StartEnabled{};
  EXPECT_TRUE(Begin().from_enabling);
}

TEST_F(FeedPlanTest, FeedGoesOnFromTheExportedVersion) {
  Exported(12);
  EXPECT_EQ(Begin().after, Version{12});
  EXPECT_FALSE(Begin().first.has_value());
}

TEST_F(FeedPlanTest, RowOfANotebookComesBeforeTheConfiguredStart) {
  Row(9);
  EXPECT_EQ(Begin().after, Version{9});
  EXPECT_FALSE(Begin().first.has_value());
}

TEST_F(FeedPlanTest, RowThatANotebookMovedOnIsFollowedByAReset) {
  Exported(12);
  Row(15);
  const FeedBeginning beginning = Begin();
  ASSERT_TRUE(beginning.first.has_value());
  EXPECT_EQ(beginning.first->kind(), ExportKind::kReset);
  EXPECT_EQ(beginning.first->start, Bound(Version{12}));
  EXPECT_EQ(beginning.first->end, Bound(Version{15}));
  EXPECT_EQ(beginning.after, Version{15});
}

TEST_F(FeedPlanTest, RowBehindNullOrMissingIsAConflict) {
  Exported(12);
  Row(11);
  EXPECT_THAT(BeginFeed(table_, facts_), IsError(ErrorKind::kConflict));
  EXPECT_THAT(BeginFeed(table_, facts_), HasMessage("version 11"));
  facts_.row = {};
  EXPECT_THAT(BeginFeed(table_, facts_), HasMessage("NULL"));
  facts_.row_exists = false;
  EXPECT_THAT(BeginFeed(table_, facts_), HasMessage("is missing"));
}

TEST_F(FeedPlanTest, LogThatWasBegunAnewIsAConflictUntilAReseed) {
  Exported(12);
  facts_.position.scanned_commit = "digest";
  facts_.scanned_commit = "another";
  EXPECT_THAT(BeginFeed(table_, facts_), IsError(ErrorKind::kConflict));
  facts_.scanned_commit = "digest";
  facts_.source_version = Version{11};
  EXPECT_THAT(BeginFeed(table_, facts_), IsError(ErrorKind::kConflict)) << "went back in time";
  facts_.reseed = true;
  EXPECT_EQ(Begin().first->kind(), ExportKind::kReseed);
  EXPECT_EQ(Begin().first->end, Bound(Version{11}));
  EXPECT_TRUE(Begin().first->state_forced);
}

TEST_F(FeedPlanTest, TableThatWasReplacedInItsLogGoesOn) {
  Exported(12);
  Row(12);
  facts_.table_id = "another";
  EXPECT_EQ(Begin().after, Version{12});
}

// Whatever the chunk and wherever the feed is cut: each window begins where the last one ended, holds at
// most a chunk, lies within one range, and the last ends with the last range.
RC_GTEST_FIXTURE_PROP(FeedPlanTest, WindowsHaveNoGapAndNoOverlap, ()) {
  const Version after{*rc::gen::inRange<int64_t>(-1, 50)};
  const auto lengths = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(1, 30));
  const auto chunk = *rc::gen::element<std::optional<int64_t>>(std::nullopt, 1, 2, 7, 1000);
  std::vector<delta::FeedRange> ranges;
  Version last = after;
  for (const int64_t length : lengths) {
    ranges.push_back(Range(last.value + 1, last.value + length));
    last = ranges.back().last;
  }
  facts_.source_version = last;
  Bound state = after;
  const auto windows =
      PlanFeedWindows(table_, facts_, facts_.position, state, after, ranges, chunk).value();
  Bound at = after;
  for (const auto& window : windows) {
    RC_ASSERT((window.start == at));
    RC_ASSERT((window.state_expected == state));
    const Version start = std::get<Version>(window.start), end = std::get<Version>(window.end);
    RC_ASSERT(start < end);
    RC_ASSERT(end.value - start.value <= chunk.value_or(30));
    RC_ASSERT(std::any_of(ranges.begin(), ranges.end(), [&](const delta::FeedRange& range) {
      return range.first <= Next(start) && end <= range.last;
    }));
    RC_ASSERT((window.position.end == window.end));
    at = window.end;
    state = window.state_value;
  }
  RC_ASSERT((at == Bound(last)));
}

TEST(NextSnapshotTimeTest, IsCutToTheSecond) {
  EXPECT_EQ(NextSnapshotTime({}, kNow), Timestamp{1'767'225'600'000'000});
  EXPECT_EQ(NextSnapshotTime({}, Timestamp{-1}), Timestamp{-1'000'000}) << "before 1970, too";
}

TEST(NextSnapshotTimeTest, TwoWithinASecondAreASecondApart) {
  ledger::Position position;
  position.newest_snapshot = NextSnapshotTime(position, kNow);
  EXPECT_EQ(NextSnapshotTime(position, kNow + Duration{1}), *position.newest_snapshot + Seconds(1));
  EXPECT_EQ(NextSnapshotTime(position, kNow + Seconds(1)), *position.newest_snapshot + Seconds(1));
}

TEST(NextSnapshotTimeTest, ClockThatWentBackDoesNotTurnTheOrderRound) {
  ledger::Position position;
  position.newest_snapshot = kNow + Hours(1);
  EXPECT_EQ(NextSnapshotTime(position, kNow), kNow + Hours(1) + Seconds(1));
}

TEST(PlanSnapshotTest, UnchangedTableIsLeftOutOnlyWhereAsked) {
  config::Table table;
  table.options = config::SnapshotOptions{};
  SnapshotFacts facts;
  facts.source_version = Version{3};
  facts.now = kNow;
  facts.unchanged = true;
  EXPECT_THAT(PlanSnapshot(table, facts).value(), SizeIs(1));
  table.snapshot().skip_unchanged = true;
  EXPECT_THAT(PlanSnapshot(table, facts).value(), SizeIs(0));
  facts.unchanged = false;
  EXPECT_THAT(PlanSnapshot(table, facts).value(), SizeIs(1));
}

}  // namespace
}  // namespace sluice::plan
