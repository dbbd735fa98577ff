#include "sluice/verify/overlap.h"

#include <gmock/gmock.h>

#include <rapidcheck/gtest.h>

namespace sluice::verify {
namespace {

using ledger::ExportKind;
using ledger::Manifest;
using ::testing::IsEmpty;

Manifest Made(int64_t n, ExportKind kind, int64_t start, int64_t end) {
  Manifest manifest;
  manifest.n = n;
  manifest.kind = kind;
  manifest.start = Version{start};
  manifest.end = Version{end};
  manifest.table_id = "id";
  manifest.rows = 1;
  return manifest;
}

Manifest Window(int64_t n, int64_t start, int64_t end) {
  return Made(n, ExportKind::kWindow, start, end);
}

TEST(OverlapTest, WindowsThatTouchShareNothing) {
  EXPECT_THAT(FindOverlaps({Window(1, 0, 5), Window(2, 5, 5), Window(3, 5, 9)}), IsEmpty());
}

TEST(OverlapTest, TwoWindowsOfTheSameRowsAreNamedWithWhatTheyShare) {
  const auto overlaps = FindOverlaps({Window(1, 0, 5), Window(2, 3, 9)});
  ASSERT_EQ(overlaps.size(), 1u);
  EXPECT_EQ(overlaps[0].earlier, 1);
  EXPECT_EQ(overlaps[0].later, 2);
  EXPECT_EQ(overlaps[0].start, ledger::Bound(Version{3}));
  EXPECT_EQ(overlaps[0].end, ledger::Bound(Version{5}));
  EXPECT_EQ(overlaps[0].reset, 0);
}

TEST(OverlapTest, AWindowWithoutARowIsNowhereTwice) {
  Manifest empty = Window(1, 0, 5);
  empty.rows = 0;
  EXPECT_THAT(FindOverlaps({empty, Window(2, 3, 9)}), IsEmpty());
}

TEST(OverlapTest, ABackfillOfAWindowThatItDoesNotReplaceIsAnOverlap) {
  const auto overlaps = FindOverlaps({Window(1, 0, 5), Made(2, ExportKind::kBackfill, 0, 5)});
  ASSERT_EQ(overlaps.size(), 1u);
  EXPECT_EQ(overlaps[0].reset, 0);
}

TEST(OverlapTest, ASeedOfAnEarlierVersionBeginsAnew) {
  const Manifest before = Window(1, 0, 5), after = Window(3, 2, 9);
  EXPECT_THAT(FindOverlaps({before, Made(2, ExportKind::kReseed, 2, 2), after}), IsEmpty());
  EXPECT_EQ(FindOverlaps({before, Made(2, ExportKind::kReseed, 3, 3), after}).size(), 1u);
  EXPECT_EQ(FindOverlaps({Made(1, ExportKind::kReseed, 2, 2), Window(2, 0, 5), after}).size(), 1u);
}

TEST(OverlapTest, AResetBackwardsBetweenTheTwoAskedForIt) {
  EXPECT_EQ(FindOverlaps({Window(1, 0, 5), Made(2, ExportKind::kReset, 5, 2), Window(3, 2, 9)})
                .at(0)
                .reset,
            2);
  Manifest forget = Made(2, ExportKind::kReset, 5, 0);
  forget.end = {};
  EXPECT_EQ(FindOverlaps({Window(1, 0, 5), forget, Window(3, 0, 9)}).at(0).reset, 2);
}

TEST(OverlapTest, AResetThatCouldNotHaveLedToItDoesNotExcuseIt) {
  const Manifest forward = Made(2, ExportKind::kReset, 5, 7);
  EXPECT_EQ(FindOverlaps({Window(1, 0, 5), forward, Window(3, 4, 9)}).at(0).reset, 0);
  const Manifest not_so_far = Made(2, ExportKind::kReset, 5, 4);
  EXPECT_EQ(FindOverlaps({Window(1, 0, 5), not_so_far, Window(3, 2, 9)}).at(0).reset, 0);
  const Manifest before_both = Made(1, ExportKind::kReset, 5, 2);
  EXPECT_EQ(FindOverlaps({before_both, Window(2, 0, 5), Window(3, 2, 9)}).at(0).reset, 0);
}

TEST(OverlapTest, LateRowsAndRowsOfARecreatedTableOverlapWithNothing) {
  EXPECT_THAT(FindOverlaps({Window(1, 0, 5), Made(2, ExportKind::kLate, 0, 5)}), IsEmpty());
  Manifest recreated = Window(2, 0, 5);
  recreated.table_id = "another";
  recreated.n = 3;
  Manifest forget = Made(2, ExportKind::kReset, 5, 0);
  forget.end = {};
  EXPECT_THAT(FindOverlaps({Window(1, 0, 5), forget, recreated}), IsEmpty());
}

TEST(OverlapTest, ATableThatWasReplacedWithinItsLogIsTheSame) {
  Manifest replaced = Window(2, 3, 9);
  replaced.table_id = "another";
  EXPECT_EQ(FindOverlaps({Window(1, 0, 5), replaced}).size(), 1u);
}

RC_GTEST_PROP(OverlapTest, FindsWhatComparingEveryPairFinds, ()) {
  std::vector<Manifest> manifests;
  const int count = *rc::gen::inRange(0, 12);
  for (int n = 1; n <= count; ++n) {
    const int64_t start = *rc::gen::inRange(0, 12);
    manifests.push_back(Window(n, start, start + *rc::gen::inRange(0, 6)));
  }
  size_t pairs = 0;
  for (const auto& a : manifests) {
    for (const auto& b : manifests) {
      if (a.n >= b.n) continue;
      const int64_t start = std::max(std::get<Version>(a.start), std::get<Version>(b.start)).value;
      const int64_t end = std::min(std::get<Version>(a.end), std::get<Version>(b.end)).value;
      pairs += start < end ? 1 : 0;
    }
  }
  RC_ASSERT(FindOverlaps(manifests).size() == pairs);
}

}  // namespace
}  // namespace sluice::verify
