#include "sluice/plan/source_facts.h"

#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"

namespace sluice::plan {
namespace {

using ledger::ExportKind;

ledger::Intent IntentOf(ExportKind kind, ledger::Bound start = {}) {
  ledger::Intent intent;
  intent.kind = kind;
  intent.start = start;
  return intent;
}

TEST(RowStillStandsTest, WindowWantsTheRowAtItsStart) {
  SourceFacts facts;
  facts.position.end = Version{4};
  facts.row = Version{4};
  EXPECT_TRUE(RowStillStands(facts, IntentOf(ExportKind::kWindow, Version{4})));
  facts.row = Version{5};
  EXPECT_FALSE(RowStillStands(facts, IntentOf(ExportKind::kWindow, Version{4})));
  EXPECT_FALSE(RowStillStands(facts, IntentOf(ExportKind::kWindow))) << "it names no start";
}

TEST(RowStillStandsTest, FirstWindowWantsNoRow) {
  SourceFacts facts;
  EXPECT_TRUE(RowStillStands(facts, IntentOf(ExportKind::kWindow, Timestamp{7})));
  facts.position.end = Timestamp{9};
  EXPECT_FALSE(RowStillStands(facts, IntentOf(ExportKind::kWindow, Timestamp{7})));
}

TEST(RowStillStandsTest, SeedWantsNoRowAndOthersDoNotAsk) {
  SourceFacts facts;
  EXPECT_TRUE(RowStillStands(facts, IntentOf(ExportKind::kSeed)));
  facts.row = Version{1};
  EXPECT_FALSE(RowStillStands(facts, IntentOf(ExportKind::kSeed)));
  EXPECT_TRUE(RowStillStands(facts, IntentOf(ExportKind::kBackfill)));
  EXPECT_TRUE(RowStillStands(facts, IntentOf(ExportKind::kSnapshot)));
}

SourceFacts Named(const std::string& known, const std::string& found) {
  SourceFacts facts;
  facts.position.catalog_id = known;
  facts.catalog_id = found;
  return facts;
}

TEST(CheckHistoryTest, AnotherTableUnderTheNameIsRefusedWithBothIds) {
  const Status status = CheckHistory(Named("old", "new"), "`sluice state forget NAME`");
  EXPECT_THAT(status, testing::IsError(ErrorKind::kConflict));
  EXPECT_THAT(status, testing::HasMessage("id new"));
  EXPECT_THAT(status, testing::HasMessage("id old"));
  EXPECT_THAT(status, testing::HasRemedy("state forget"));
}

TEST(CheckHistoryTest, WhereNoIdIsKnownNothingIsSaid) {
  for (const auto& facts : {Named("", "new"), Named("old", ""), Named("same", "same")}) {
    EXPECT_THAT(CheckHistory(facts, ""), testing::IsOk());
  }
}

TEST(MarkScannedTest, ARunByItsPathKeepsTheIdThatIsKnown) {
  SourceFacts facts = Named("old", "");
  MarkScanned(facts.position, facts);
  EXPECT_EQ(facts.position.catalog_id, "old");
  facts.catalog_id = "new";
  MarkScanned(facts.position, facts);
  EXPECT_EQ(facts.position.catalog_id, "new");
}

}  // namespace
}  // namespace sluice::plan
