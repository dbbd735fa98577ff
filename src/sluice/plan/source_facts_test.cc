#include "sluice/plan/source_facts.h"

#include <gmock/gmock.h>

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

}  // namespace
}  // namespace sluice::plan
