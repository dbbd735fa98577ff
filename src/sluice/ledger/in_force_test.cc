#include "sluice/ledger/in_force.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "sluice/ledger/chain_fixture.h"
#include "sluice/ledger/extent_set.h"

namespace sluice::ledger {
namespace {

using ::testing::ElementsAre;

std::vector<int64_t> NumbersInForce(std::vector<Manifest> manifests) {
  std::vector<int64_t> numbers;
  for (const auto& manifest : InForce(std::move(manifests))) numbers.push_back(manifest.n);
  return numbers;
}

Judgement JudgedIn(const std::vector<Manifest>& manifests, int64_t n) {
  return JudgeExports(manifests).at(n);
}

TEST(InForceTest, WindowsBackfillsLateRowsAndResetsAre) {
  EXPECT_THAT(NumbersInForce({Window(1, 0, 1), Late(2, 0, 1), Backfill(3, -2, 0), Set(4, 1, 5)}),
              ElementsAre(1, 2, 3, 4));
}

TEST(InForceTest, VoidAndExpiredAreNot) {
  const std::vector<Manifest> manifests{Window(1, 0, 1), Void(2), Expired(3)};
  EXPECT_THAT(NumbersInForce(manifests), ElementsAre(1));
  EXPECT_EQ(JudgedIn(manifests, 2).standing, Standing::kVoid);
  EXPECT_EQ(JudgedIn(manifests, 3).standing, Standing::kExpired);
}

TEST(InForceTest, ReplacedIsNotAndSaysByWhich) {
  const std::vector<Manifest> manifests{Window(1, 0, 1), Window(2, 1, 2), Backfill(3, 0, 2, {1, 2}),
                                        Backfill(4, 0, 2, {1, 3})};
  EXPECT_THAT(NumbersInForce(manifests), ElementsAre(4));
  EXPECT_EQ(JudgedIn(manifests, 1).by, 3);
  EXPECT_EQ(JudgedIn(manifests, 3).by, 4);
}

TEST(InForceTest, VoidExportReplacesNothing) {
  Manifest voided = Void(2);
  voided.replaces = {1};
  EXPECT_THAT(NumbersInForce({Window(1, 0, 1), voided}), ElementsAre(1));
}

TEST(InForceTest, ExportReplacesNeitherItselfNorALaterOne) {
  EXPECT_THAT(NumbersInForce({Backfill(1, 0, 1, {1, 2}), Window(2, 1, 2)}), ElementsAre(1, 2));
}

TEST(InForceTest, ForgottenOnceLaterWindowsHoldAllOfIt) {
  std::vector<Manifest> manifests{Window(1, 0, 2), Window(2, 2, 4), Forget(3)};
  EXPECT_THAT(NumbersInForce(manifests), ElementsAre(1, 2, 3));
  manifests.push_back(Window(4, 0, 3));
  EXPECT_THAT(NumbersInForce(manifests), ElementsAre(2, 3, 4)) << "2 reaches beyond 4";
  manifests.push_back(Window(5, 3, 6));
  EXPECT_THAT(NumbersInForce(manifests), ElementsAre(3, 4, 5));
  EXPECT_EQ(JudgedIn(manifests, 1).by, 4);
  EXPECT_EQ(JudgedIn(manifests, 2).by, 5);
}

TEST(InForceTest, WhatALaterStartLeavesOutIsNotForgotten) {
  EXPECT_THAT(NumbersInForce({Window(1, 0, 2), Window(2, 2, 4), Forget(3), Window(4, 2, 9)}),
              ElementsAre(1, 3, 4));
}

TEST(InForceTest, LateRowsAreForgottenWithTheWindowsTheyBelongTo) {
  EXPECT_THAT(NumbersInForce({Window(1, 0, 2), Late(2, 0, 2), Forget(3), Window(4, 0, 9)}),
              ElementsAre(3, 4));
}

TEST(InForceTest, RowsOfATableThatWasRecreatedAreNotForgotten) {
  Manifest before = Window(1, 0, 2);
  before.table_id = "former";
  EXPECT_THAT(NumbersInForce({before, Forget(2), Window(3, 0, 9)}), ElementsAre(1, 2, 3));
}

TEST(InForceTest, RowsOfATableThatWasReplacedWithinItsLogAreForgotten) {
  Manifest before = Window(1, 0, 2);
  before.table_id = "former";
  const std::vector<Manifest> manifests{before, Window(2, 2, 4), Forget(3), Window(4, 0, 9)};
  EXPECT_THAT(NumbersInForce(manifests), ElementsAre(3, 4));
  // Nothing says that the log went on where the id changed together with a reset.
  EXPECT_THAT(NumbersInForce({before, Set(2, 2, 1), Window(3, 1, 4), Forget(4), Window(5, 0, 9)}),
              ElementsAre(1, 2, 4, 5));
}

TEST(InForceTest, SeedsAndSnapshotsAreNeverForgotten) {
  EXPECT_THAT(NumbersInForce({Seed(1, 4), Versions(2, 4, 6), Forget(3), Seed(4, 6)}),
              ElementsAre(1, 2, 3, 4));
}

TEST(InForceTest, StateSetForgetsNothing) {
  EXPECT_THAT(NumbersInForce({Window(1, 0, 2), Set(2, 2, 0), Window(3, 0, 2)}),
              ElementsAre(1, 2, 3));
}

TEST(InForceTest, SinceBeginningLeavesOutWhatWasForgotten) {
  const auto since = SinceBeginning({Window(1, 0, 2), Forget(2), Backfill(3, 0, 1)});
  ASSERT_EQ(since.size(), 1u);
  EXPECT_EQ(since[0].n, 3);
  EXPECT_EQ(SinceBeginning({Window(1, 0, 2)}).size(), 1u);
}

RC_GTEST_PROP(InForceProperty, ForgottenTimeIsHeldByExportsInForce, ()) {
  std::vector<Manifest> manifests;
  const auto count = *rc::gen::inRange<int64_t>(1, 12);
  for (int64_t n = 1; n <= count; ++n) {
    const auto start = *rc::gen::inRange<int64_t>(0, 8);
    const auto end = start + *rc::gen::inRange<int64_t>(1, 5);
    manifests.push_back(*rc::gen::inRange(0, 4) == 0 ? Forget(n) : Window(n, start, end));
  }
  ExtentSet held;
  for (const auto& manifest : InForce(manifests)) {
    if (const auto extent = ExtentOf(manifest)) held.Add(*extent);
  }
  for (const auto& manifest : manifests) {
    if (const auto extent = ExtentOf(manifest)) RC_ASSERT(held.Covers(*extent));
  }
}

TEST(ExtentSetTest, TouchingExtentsAreOneStretch) {
  ExtentSet set;
  set.Add({0, 2});
  set.Add({4, 6});
  EXPECT_FALSE(set.Covers({0, 6}));
  EXPECT_THAT(set.Gaps({-1, 8}), ElementsAre(Extent{-1, 0}, Extent{2, 4}, Extent{6, 8}));
  EXPECT_EQ(set.Add({2, 4}), (Extent{0, 6}));
  EXPECT_TRUE(set.Covers({1, 6}));
  EXPECT_THAT(set.Gaps({1, 6}), ::testing::IsEmpty());
}

RC_GTEST_PROP(ExtentSetProperty, GapsAreWhatWasNotAdded, ()) {
  ExtentSet set;
  std::vector<bool> covered(20);
  const auto count = *rc::gen::inRange(0, 8);
  for (int i = 0; i < count; ++i) {
    const auto start = *rc::gen::inRange<int64_t>(0, 18);
    const auto end = *rc::gen::inRange<int64_t>(start + 1, 20);
    set.Add({start, end});
    for (int64_t x = start; x < end; ++x) covered[static_cast<size_t>(x)] = true;
  }
  std::vector<bool> seen(20, true);
  for (const auto& gap : set.Gaps({0, 20})) {
    for (int64_t x = gap.start; x < gap.end; ++x) seen[static_cast<size_t>(x)] = false;
  }
  RC_ASSERT(seen == covered);
}

}  // namespace
}  // namespace sluice::ledger
