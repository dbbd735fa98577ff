#include "sluice/transfer/late_rows.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>
#include <thread>

namespace sluice::transfer {
namespace {

using plan::CancelRule;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

columnar::RowHash Hash(uint64_t i) { return {i, i}; }
HashedRow Row(uint64_t hash, int64_t watermark) { return {Hash(hash), watermark}; }

std::vector<uint64_t> Rewritten(std::vector<HashedRow> added, std::vector<HashedRow> removed,
                                CancelRule rule) {
  std::vector<uint64_t> found;
  for (const auto& hash : FindRewritten(std::move(added), std::move(removed), rule))
    found.push_back(hash.low);
  return found;
}

/// Which of `rows` the set lets through.
std::vector<uint64_t> Kept(DropSet& drop, const std::vector<uint64_t>& rows) {
  std::vector<columnar::RowHash> hashes;
  for (const uint64_t row : rows) hashes.push_back(Hash(row));
  std::vector<uint8_t> keep(rows.size(), 1);
  drop.Apply(hashes, keep);
  std::vector<uint64_t> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (keep[i] != 0) kept.push_back(rows[i]);
  }
  return kept;
}

TEST(FindRewrittenTest, ByRowTakesWhatWasRemoved) {
  EXPECT_THAT(Rewritten({Row(1, 10), Row(2, 20)}, {Row(1, 10), Row(1, 10)}, CancelRule::kByRow),
              ElementsAre(1, 1));
}

TEST(FindRewrittenTest, ByWatermarkTakesAnUpdatedRowToo) {
  EXPECT_THAT(Rewritten({Row(1, 10), Row(5, 20), Row(6, 30)}, {Row(1, 10), Row(2, 20)},
                        CancelRule::kByRowThenWatermark),
              UnorderedElementsAre(1, 2, 5));
}

TEST(FindRewrittenTest, ARowThatWasRemovedOnceCancelsOneOfTwo) {
  EXPECT_THAT(Rewritten({Row(5, 20), Row(6, 20)}, {Row(2, 20)}, CancelRule::kByRowThenWatermark),
              UnorderedElementsAre(2, 5));
}

TEST(FindRewrittenTest, AnUnchangedRowDoesNotCancelANewOneOfItsWatermark) {
  EXPECT_THAT(Rewritten({Row(1, 20), Row(5, 20)}, {Row(1, 20)}, CancelRule::kByRowThenWatermark),
              ElementsAre(1));
}

TEST(FindRewrittenTest, TheOrderOfTheRowsDoesNotMatter) {
  std::vector<HashedRow> added, removed;
  for (uint64_t i = 0; i < 60; ++i) added.push_back(Row(i, static_cast<int64_t>(i % 7)));
  for (uint64_t i = 40; i < 90; ++i) removed.push_back(Row(i, static_cast<int64_t>(i % 5)));
  auto once = Rewritten(added, removed, CancelRule::kByRowThenWatermark);
  std::reverse(added.begin(), added.end());
  std::rotate(removed.begin(), removed.begin() + 17, removed.end());
  auto again = Rewritten(added, removed, CancelRule::kByRowThenWatermark);
  std::sort(once.begin(), once.end());
  std::sort(again.begin(), again.end());
  EXPECT_EQ(once, again);
}

TEST(DropSetTest, ARowIsDroppedAsOftenAsItIsInTheSet) {
  DropSet drop({Hash(7), Hash(3), Hash(7)});
  EXPECT_THAT(Kept(drop, {7, 1, 7, 7}), ElementsAre(1, 7));
  EXPECT_THAT(Kept(drop, {7, 3}), ElementsAre(7)) << "it remembers across batches";
  EXPECT_THAT(Kept(drop, {3}), ElementsAre(3));
}

TEST(DropSetTest, ARowThatIsLeftOutAnywayUsesNothingUp) {
  DropSet drop({Hash(7)});
  std::vector<uint8_t> keep{0, 1};
  drop.Apply({Hash(7), Hash(7)}, keep);
  EXPECT_THAT(keep, ElementsAre(0, 0));
}

TEST(DropSetTest, AnEmptySetDropsNothing) {
  DropSet drop({});
  EXPECT_THAT(Kept(drop, {1, 2}), ElementsAre(1, 2));
}

TEST(DropSetTest, ThreadsTogetherDropEachRowOnce) {
  constexpr uint64_t kRows = 2'000;
  std::vector<columnar::RowHash> rows;
  for (uint64_t i = 0; i < kRows; ++i) rows.push_back(Hash(i));
  DropSet drop(rows);
  std::vector<size_t> kept(4);
  std::vector<std::thread> threads;
  for (size_t& count : kept) {
    threads.emplace_back([&drop, &rows, &count] {
      std::vector<uint8_t> keep(rows.size(), 1);
      drop.Apply(rows, keep);
      count = static_cast<size_t>(std::count(keep.begin(), keep.end(), 1));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(std::accumulate(kept.begin(), kept.end(), size_t{0}), 3 * kRows);
}

}  // namespace
}  // namespace sluice::transfer
