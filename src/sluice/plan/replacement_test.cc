#include "sluice/plan/replacement.h"

#include <gmock/gmock.h>

namespace sluice::plan {
namespace {

using ledger::Decision;
using ledger::ExportKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Export n of (from, to], made from source version n.
Decision Export(int64_t n, int64_t from, int64_t to, ExportKind kind = ExportKind::kWindow) {
  Decision decision;
  decision.n = n;
  decision.manifest.n = n;
  decision.manifest.kind = kind;
  decision.manifest.source_version = Version{n};
  decision.manifest.start = Version{from};
  decision.manifest.end = Version{to};
  return decision;
}

std::vector<int64_t> Numbers(const Replacement& found) {
  std::vector<int64_t> numbers;
  for (const auto& old : found.exports) numbers.push_back(old.n);
  return numbers;
}

TEST(ReplacementTest, RangeThatNobodyExportedReplacesNothing) {
  const auto found = FindReplacement({Export(1, 0, 5), Export(2, 5, 8)}, {8, 10});
  EXPECT_THAT(found.exports, IsEmpty());
  EXPECT_EQ(found.range, (Range{8, 10}));
}

TEST(ReplacementTest, RangeGrowsUntilItHoldsEachReplacedExportWhole) {
  const std::vector<Decision> decisions{Export(1, 0, 4), Export(2, 4, 8),
                                        Export(3, 3, 5, ExportKind::kBackfill), Export(4, 8, 9)};
  const auto found = FindReplacement(decisions, {6, 7});
  EXPECT_THAT(Numbers(found), ElementsAre(1, 2, 3));
  EXPECT_EQ(found.range, (Range{0, 8}));
  EXPECT_EQ(found.newest_source, Version{3});
}

TEST(ReplacementTest, LateRowsAreHeldByTheHullOfTheirWatermarks) {
  Decision late = Export(2, 0, 9, ExportKind::kLate);
  late.watermark_min = Version{3};
  late.watermark_max = Version{6};
  const auto found = FindReplacement({Export(1, 0, 2), late}, {5, 6});
  EXPECT_THAT(Numbers(found), ElementsAre(2));
  EXPECT_EQ(found.range, (Range{2, 6}));
}

TEST(ReplacementTest, WhatIsReplacedOrVoidAlreadyIsLeftAlone) {
  Decision again = Export(2, 0, 5, ExportKind::kBackfill);
  again.manifest.replaces = {1};
  const std::vector<Decision> decisions{Export(1, 0, 5), again, Export(3, 0, 5, ExportKind::kVoid)};
  EXPECT_THAT(Numbers(FindReplacement(decisions, {1, 2})), ElementsAre(2));
}

}  // namespace
}  // namespace sluice::plan
