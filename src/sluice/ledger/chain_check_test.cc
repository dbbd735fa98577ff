#include "sluice/ledger/chain_check.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "sluice/ledger/chain_fixture.h"
#include "sluice/ledger/in_force.h"

namespace sluice::ledger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = ChainGap::Kind;

/// A ledger with everything that its manifests name.
class ChainTest : public ::testing::Test {
 public:
  ChainTest& Has(std::vector<Manifest> manifests) {
    manifests_ = std::move(manifests);
    decided_.clear();
    published_.clear();
    for (const auto& manifest : manifests_) {
      decided_.insert(manifest.n);
      published_.insert(manifest.n);
      settled_ = manifest.n;
    }
    return *this;
  }
  /// Somebody took the manifest, the records and the files of export `n` away.
  void TakeAway(int64_t n) {
    std::erase_if(manifests_, [&](const Manifest& manifest) { return manifest.n == n; });
    decided_.erase(n);
    published_.erase(n);
  }
  ChainReport Check() const {
    return CheckChain({manifests_, published_, decided_, decided_, settled_, position_});
  }
  void StandsAt(int64_t first, int64_t end) {
    position_.emplace();
    position_->first_start = Hour(first);
    position_->end = Hour(end);
  }

  std::vector<Manifest> manifests_;
  std::set<int64_t> published_, decided_;
  int64_t settled_ = 0;
  std::optional<Position> position_;
};

std::string TextOf(const ChainGap& gap) { return RangeText(gap.start, gap.end); }
constexpr const char* kTwoToThree = "(1970-01-01T02:00:00Z, 1970-01-01T03:00:00Z]";

TEST_F(ChainTest, WindowsThatMeetAreUnbroken) {
  EXPECT_TRUE(Has({Window(1, 0, 1), Late(2, 0, 1), Window(3, 1, 4), Void(4), Window(5, 4, 5)})
                  .Check()
                  .unbroken());
}

TEST_F(ChainTest, WhatLiesBeforeTheNewestManifestsIsNotJudged) {
  Has({Window(1, 0, 1), Window(2, 1, 2), Window(3, 2, 3), Window(4, 4, 5)});
  StandsAt(0, 5);
  const std::vector<Manifest> newest(manifests_.begin() + 1, manifests_.end());
  ChainInput input{newest, published_, decided_, decided_, settled_, position_};
  input.newest_only = true;
  const auto gaps = CheckChain(input).gaps;
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].start, Bound(Hour(3)));
  input.newest_only = false;
  EXPECT_EQ(CheckChain(input).gaps.size(), 2U);
}

TEST_F(ChainTest, NothingExportedIsUnbroken) { EXPECT_TRUE(Has({}).Check().unbroken()); }

TEST_F(ChainTest, AnyExportThatIsTakenAwayIsMissing) {
  for (int64_t n = 1; n <= 3; ++n) {
    Has({Window(1, 0, 1), Window(2, 1, 2), Window(3, 2, 3)}).TakeAway(n);
    EXPECT_THAT(Check().missing, ElementsAre(NumberRange{n, n}));
    EXPECT_FALSE(Check().unbroken());
  }
}

TEST_F(ChainTest, NewestDecisionKnowsWhereTheFirstWindowBegan) {
  Has({Window(1, 0, 1), Window(2, 1, 2)}).TakeAway(1);
  StandsAt(0, 2);
  ASSERT_EQ(Check().gaps.size(), 1u);
  EXPECT_EQ(TextOf(Check().gaps[0]), "(1970-01-01T00:00:00Z, 1970-01-01T01:00:00Z]");
}

TEST_F(ChainTest, EverythingTakenAwayIsMissingAsLongAsTheStateRemembers) {
  Has({});
  settled_ = 2;
  EXPECT_THAT(Check().missing, ElementsAre(NumberRange{1, 2}));
}

TEST_F(ChainTest, CopyWithoutLedgerIsJudgedByItsManifests) {
  Has({Window(1, 0, 1), Window(2, 1, 2)});
  decided_.clear();
  EXPECT_TRUE(Check().unbroken());
  settled_ = 3;
  EXPECT_THAT(Check().missing, ElementsAre(NumberRange{3, 3})) << "the state followed it";
}

TEST_F(ChainTest, AbsurdNumbersAreARangeAndTakeNoTime) {
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  Has({Window(1, 0, 1), Window(kLast - 1, 1, 2)});
  settled_ = kLast;
  EXPECT_THAT(Check().missing, ElementsAre(NumberRange{2, kLast - 2}, NumberRange{kLast, kLast}));
}

TEST_F(ChainTest, IntentAloneBelowTheNewestIsMissing) {
  Has({Window(1, 0, 1), Window(2, 1, 2)});
  decided_.erase(1);
  published_.erase(1);
  const std::set<int64_t> begun{1, 2};
  EXPECT_THAT(CheckChain({manifests_, published_, decided_, begun, 2, {}}).missing,
              ElementsAre(NumberRange{1, 1}));
}

TEST_F(ChainTest, ManifestWithoutDecisionAndDecisionWithoutManifestAreNamed) {
  Has({Window(1, 0, 1), Window(2, 1, 2), Window(3, 2, 3)});
  decided_.erase(2);
  published_.erase(1);
  EXPECT_THAT(Check().undecided, ElementsAre(2));
  EXPECT_THAT(Check().unpublished, ElementsAre(1));
}

TEST_F(ChainTest, NewestThatARunHasYetToFinishIsNoFault) {
  Has({Window(1, 0, 1)});
  decided_.insert(2);
  EXPECT_TRUE(Check().unbroken());
  settled_ = 2;
  EXPECT_THAT(Check().unpublished, ElementsAre(2)) << "somebody saw it settled";
}

TEST_F(ChainTest, ExportWithoutManifestIsNotMissedOnceItIsReplaced) {
  Has({Window(1, 0, 1), Window(2, 1, 2), Backfill(3, 0, 1, {1})});
  published_.erase(1);
  EXPECT_TRUE(Check().unbroken());
}

TEST_F(ChainTest, StateSetForwardLeavesAGapThatIsNamed) {
  const auto report = Has({Window(1, 0, 2), Set(2, 2, 3), Window(3, 3, 4)}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(TextOf(report.gaps[0]), kTwoToThree);
  EXPECT_EQ(report.gaps[0].reset, 2);
  EXPECT_FALSE(report.unbroken());
  EXPECT_THAT(Describe(report, "events")[0].remedy,
              HasSubstr("sluice backfill events --from 1970-01-01T02:00:00Z --to "
                        "1970-01-01T03:00:00Z"));
}

TEST_F(ChainTest, GapThatWasSkippedOnPurposeIsReportedAndNoFault) {
  Manifest skip = Set(2, 2, 3);
  skip.skipped = true;
  const auto report = Has({Window(1, 0, 2), skip, Window(3, 3, 4)}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(report.gaps[0].kind, Kind::kSkipped);
  EXPECT_TRUE(report.unbroken());
}

TEST_F(ChainTest, GapIsSkippedOnceALaterResetSaysSo) {
  Manifest skip = Set(5, 2, 4);
  skip.skipped = true;
  const auto report =
      Has({Window(1, 0, 2), Set(2, 2, 3), Window(3, 3, 4), Set(4, 4, 2), skip}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(report.gaps[0].kind, Kind::kSkipped);
  EXPECT_EQ(TextOf(report.gaps[0]), kTwoToThree);
}

TEST_F(ChainTest, GapIsSkippedOnceItIsSaidToBeMeant) {
  const auto skip = [](int64_t n, int64_t from, int64_t to) {
    Manifest manifest = Set(n, from, to);
    manifest.skipped = true;
    manifest.reason = kSkippedByHand;
    return manifest;
  };
  const auto report =
      Has({Window(1, 0, 1), Set(2, 1, 3), Window(3, 3, 4), skip(4, 2, 3), Window(5, 4, 5)}).Check();
  ASSERT_EQ(report.gaps.size(), 2u);
  EXPECT_EQ(report.gaps[0].kind, Kind::kGap) << "the rest is still a fault";
  EXPECT_EQ(report.gaps[1].kind, Kind::kSkipped);
  EXPECT_EQ(TextOf(report.gaps[1]), kTwoToThree);
  EXPECT_EQ(report.gaps[1].reset, 4);
  const auto fault = Describe(report, "events")[0];
  EXPECT_THAT(fault.remedy, HasSubstr("sluice state skip events --from 1970-01-01T01:00:00Z --to "
                                      "1970-01-01T02:00:00Z"));
  EXPECT_TRUE(Has({Window(1, 0, 1), Set(2, 1, 3), Window(3, 3, 4), Forget(4), Window(5, 3, 5),
                   skip(6, 0, 3)})
                  .Check()
                  .unbroken())
      << "of an earlier beginning, too";
}

TEST_F(ChainTest, StateSetBeforeTheFirstRunLeavesAGapFromWhereThatWouldHaveBegun) {
  auto report = Has({Set(1, 0, 2), Window(2, 2, 3)}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(report.gaps[0].kind, Kind::kGap);
  EXPECT_EQ(TextOf(report.gaps[0]), "(1970-01-01T00:00:00Z, 1970-01-01T02:00:00Z]");
  EXPECT_FALSE(report.unbroken());
  EXPECT_FALSE(Has({Set(1, 0, 2)}).Check().unbroken());
  Manifest first = Set(1, 0, 2);
  first.start = Bound();
  EXPECT_TRUE(Has({first, Window(2, 2, 3)}).Check().unbroken()) << "nothing is passed over";
}

TEST_F(ChainTest, TheEndThatIsLostNamesTheWayOn) {
  Has({Window(1, 0, 1), Window(2, 1, 2)});
  StandsAt(0, 2);
  settled_ = 3;
  ASSERT_TRUE(Check().LostEnd());
  EXPECT_THAT(Describe(Check(), "events")[0].remedy,
              HasSubstr("`sluice state set events 1970-01-01T02:00:00Z`"));
  TakeAway(1);
  settled_ = 2;
  EXPECT_FALSE(Check().LostEnd()) << "what comes after it is there";
}

TEST_F(ChainTest, GapThatABackfillFilledIsNone) {
  EXPECT_THAT(Has({Window(1, 0, 2), Set(2, 2, 4), Backfill(3, 2, 4), Window(4, 4, 5)}).Check().gaps,
              IsEmpty());
  const auto half =
      Has({Window(1, 0, 2), Set(2, 2, 4), Backfill(3, 3, 4), Window(4, 4, 5)}).Check();
  ASSERT_EQ(half.gaps.size(), 1u);
  EXPECT_EQ(TextOf(half.gaps[0]), kTwoToThree);
}

TEST_F(ChainTest, RowThatAnotherWriterMovedIsForeignAndNoFault) {
  Manifest moved = Set(2, 2, 3);
  moved.reason = "the row in _export_state was moved on by another writer";
  const auto report = Has({Window(1, 0, 2), moved, Window(3, 3, 4)}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(report.gaps[0].kind, Kind::kForeign);
  EXPECT_TRUE(report.unbroken());
}

TEST_F(ChainTest, WindowThatWasVoidedAfterALaterOneLeavesAGap) {
  const auto report = Has({Window(1, 0, 2), Void(2), Window(3, 3, 4)}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(TextOf(report.gaps[0]), kTwoToThree);
  EXPECT_EQ(report.gaps[0].after, 1);
}

TEST_F(ChainTest, ReplacedWindowThatIsNotHeldWholeLeavesAGap) {
  const auto report = Has({Window(1, 0, 3), Backfill(2, 0, 2, {1})}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(TextOf(report.gaps[0]), kTwoToThree);
}

TEST_F(ChainTest, StateSetBackIsNoGap) {
  EXPECT_THAT(Has({Window(1, 2, 4), Set(2, 4, 0)}).Check().gaps, IsEmpty());
  StandsAt(2, 0);
  EXPECT_THAT(Check().gaps, IsEmpty());
  EXPECT_THAT(Has({Window(1, 2, 4), Set(2, 4, 0), Window(3, 0, 5)}).Check().gaps, IsEmpty());
}

TEST_F(ChainTest, NewBeginningNeedNotMeetTheOldOne) {
  EXPECT_THAT(Has({Window(1, 0, 2), Forget(2), Window(3, 5, 6)}).Check().gaps, IsEmpty());
  EXPECT_THAT(Has({Window(1, 0, 2), Forget(2), Window(3, 1, 6)}).Check().gaps, IsEmpty());
}

TEST_F(ChainTest, FeedGoesOnFromItsSeed) {
  EXPECT_TRUE(Has({Seed(1, 4), Versions(2, 4, 6), Versions(3, 6, 7)}).Check().unbroken());
  EXPECT_TRUE(
      Has({Seed(1, 4), Versions(2, 4, 6), Seed(3, 9, ExportKind::kReseed), Versions(4, 9, 10)})
          .Check()
          .unbroken())
      << "a seed starts again";
  const auto report = Has({Seed(1, 4), Versions(2, 5, 6)}).Check();
  ASSERT_EQ(report.gaps.size(), 1u);
  EXPECT_EQ(TextOf(report.gaps[0]), "versions (4, 5]");
}

TEST_F(ChainTest, SnapshotsChainByNumberAlone) {
  Has({Expired(1), Of(2, ExportKind::kSnapshot, {}, Hour(1)),
       Of(3, ExportKind::kSnapshot, {}, Hour(2))});
  EXPECT_TRUE(Check().unbroken());
  TakeAway(2);
  EXPECT_THAT(Check().missing, ElementsAre(NumberRange{2, 2}));
}

RC_GTEST_PROP(ChainProperty, WhateverIsTakenFromAChainIsNoticed, ()) {
  std::vector<Manifest> manifests;
  const auto count = *rc::gen::inRange<int64_t>(1, 10);
  int64_t end = 0;
  for (int64_t n = 1; n <= count; ++n) {
    const auto next = end + *rc::gen::inRange<int64_t>(1, 4);
    manifests.push_back(Window(n, end, next));
    end = next;
  }
  const auto lost = static_cast<size_t>(*rc::gen::inRange<int64_t>(0, count));
  manifests.erase(manifests.begin() + static_cast<std::ptrdiff_t>(lost));
  std::set<int64_t> numbers;
  for (const auto& manifest : manifests) numbers.insert(manifest.n);
  const ChainReport report =
      CheckChain({manifests, numbers, numbers, numbers, count, std::nullopt});
  RC_ASSERT(!report.unbroken());
  RC_ASSERT(!Describe(report, "t").empty());
}

}  // namespace
}  // namespace sluice::ledger
