#include "sluice/exporter/source/feed_source.h"

#include <gmock/gmock.h>

#include "sluice/exporter/source/source_fixture.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

testing::TableOptions WithFeed() {
  testing::TableOptions options;
  options.properties["delta.enableChangeDataFeed"] = "true";
  return options;
}

class FeedSourceTest : public SourceTest {
 protected:
  FeedSourceTest() : SourceTest(config::CdcOptions{}, WithFeed()) { source.Append({Row(1, 1)}); }
};

TEST_F(FeedSourceTest, SeedComesFirstAndTheFeedGoesOnAfterIt) {
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kSeed));
  ExportAll();
  EXPECT_THAT(Kinds(), IsEmpty());
  const Version first = source.Append({Row(2, 2)});
  const Version last = source.Update([](const auto&) { return true; }, "another");
  const auto plan = Plan();
  ASSERT_EQ(plan.size(), 1);
  EXPECT_EQ(plan[0].start, ledger::Bound(Version{first.value - 1}));
  EXPECT_EQ(plan[0].end, ledger::Bound(last));
}

TEST_F(FeedSourceTest, ChunksCutTheVersions) {
  ExportAll();
  for (int64_t id = 2; id <= 6; ++id) source.Append({Row(id, 2)});
  table.cdc().chunk = 2;
  EXPECT_EQ(Plan().size(), 3);
}

TEST_F(FeedSourceTest, StartAtAVersionNeedsNoSeed) {
  table.cdc().start = config::StartVersion{source.version()};
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kWindow));
}

TEST_F(FeedSourceTest, ReseedIsPlannedWhateverWasExported) {
  ExportAll();
  SourceOptions options;
  options.reseed = true;
  EXPECT_THAT(Kinds(options), ElementsAre(ExportKind::kReseed));
}

TEST_F(FeedSourceTest, ChangesBeforeLostOnesAreExported) {
  ExportAll();
  const Version kept = source.Append({Row(2, 2)});
  source.Append({Row(3, 2)});
  source.Delete([](const auto& row) { return row.id == 3; });
  source.Vacuum();
  const auto work = Look().value()->Plan();
  ASSERT_THAT(work, IsOk());
  ASSERT_EQ(work->exports.size(), 1);
  EXPECT_EQ(work->exports[0].end, ledger::Bound(kept));
  ASSERT_TRUE(work->then);
  EXPECT_EQ(work->then->kind, ErrorKind::kSourceGone);
}

TEST_F(FeedSourceTest, TaskOfAWindowThatWasNotPlannedIsRefused) {
  plan::PlannedExport window;
  window.start = Version{7};
  window.end = Version{9};
  EXPECT_THAT(Look().value()->MakeTask(window), IsError(ErrorKind::kInternal));
}

TEST_F(FeedSourceTest, RangesEndWhereTheFeedStands) {
  ExportAll();
  const Version stands = source.version();
  source.Append({Row(2, 2)});
  const auto ranges = LookAtRanges(session, position, {});
  ASSERT_THAT(ranges, IsOk());
  EXPECT_EQ((*ranges)->RangeLimit().value(), stands.value);
  EXPECT_FALSE((*ranges)->PlanBeforeRange().value()) << "a feed has no late rows";
}

TEST_F(FeedSourceTest, EachReplacedExportGoesToTheFirstPieceThatHoldsItWhole) {
  for (int64_t id = 2; id <= 5; ++id) source.Append({Row(id, 2)});
  ExportAll();
  const auto ranges = LookAtRanges(session, position, {}).value();
  const auto pieces = ranges->PlanRange({0, 4}, std::nullopt, {{7, {0, 2}}, {8, {2, 4}}});
  ASSERT_THAT(pieces, IsOk());
  ASSERT_EQ(pieces->size(), 1);
  EXPECT_EQ(pieces->front().kind(), ExportKind::kBackfill);
  EXPECT_THAT(std::get<plan::PlannedRows>(pieces->front().what).replaces, ElementsAre(7, 8));
  EXPECT_EQ(pieces->front().position.end, position.end) << "a backfill moves no position";
}

}  // namespace
}  // namespace sluice::exporter
