#include "sluice/verify/recorded_decision.h"

#include <gmock/gmock.h>

namespace sluice::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ledger::Decision Decided() {
  ledger::Decision decision;
  decision.manifest.rows = 3;
  decision.manifest.end = Version{7};
  decision.manifest.files = {{"a", 1, 3, "c", "p"}};
  return decision;
}

TEST(RecordedDecisionTest, ManifestAsItWasDecidedHasNoDifference) {
  EXPECT_THAT(DifferencesToDecision(Decided().manifest, Decided()), IsEmpty());
}

TEST(RecordedDecisionTest, EveryFieldThatWasEditedIsNamed) {
  ledger::Manifest edited = Decided().manifest;
  edited.rows = 2;
  edited.replaces = {1};
  EXPECT_THAT(DifferencesToDecision(edited, Decided()),
              ElementsAre(HasSubstr("replaces [1], and []"), HasSubstr("rows 2, and 3")));
}

TEST(RecordedDecisionTest, FilesMayHaveBeenMadeAgain) {
  ledger::Manifest again = Decided().manifest;
  again.files[0].path = "b";
  EXPECT_THAT(DifferencesToDecision(again, Decided()), IsEmpty());
}

TEST(RecordedDecisionTest, VoidOverrulesItsDecision) {
  ledger::Manifest voided;
  voided.kind = ledger::ExportKind::kVoid;
  EXPECT_THAT(DifferencesToDecision(voided, Decided()), IsEmpty());
}

}  // namespace
}  // namespace sluice::verify
