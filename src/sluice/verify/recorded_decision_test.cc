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

TEST(RecordedDecisionTest, NoFieldIsPassedOver) {
  const ledger::Decision decided = Decided();
  const auto edited = [&](auto&& edit) {
    ledger::Manifest manifest = decided.manifest;
    edit(manifest);
    return DifferencesToDecision(manifest, decided);
  };
  const auto names = [](const char* key) { return ElementsAre(HasSubstr(key)); };
  EXPECT_THAT(edited([](auto& m) { m.final_until = Timestamp{1}; }), names("final_until"));
  EXPECT_THAT(edited([](auto& m) { m.partitions_final = {"dt"}; }), names("partitions_final"));
  EXPECT_THAT(edited([](auto& m) { m.partitions_touched = {"dt"}; }), names("partitions_touched"));
  EXPECT_THAT(edited([](auto& m) { m.reopened = {"dt"}; }), names("reopened"));
  EXPECT_THAT(edited([](auto& m) { m.null_watermarks = 1; }), names("null_watermarks"));
  EXPECT_THAT(edited([](auto& m) { m.unreadable_watermarks = 1; }), names("unreadable_watermarks"));
  EXPECT_THAT(edited([](auto& m) { m.committed_at = Timestamp{1}; }), names("committed_at"));
  EXPECT_THAT(edited([](auto& m) { m.reason = "lies"; }), names("reason"));
  EXPECT_THAT(edited([](auto& m) { m.files.clear(); }), names("other files"));
}

TEST(RecordedDecisionTest, FilesMayHaveBeenMadeAgain) {
  ledger::Decision decided = Decided();
  decided.generation = 2;
  ledger::Manifest again = decided.manifest;
  again.files[0].path = "b";
  again.committed_at = Timestamp{1};
  EXPECT_THAT(DifferencesToDecision(again, decided), IsEmpty());
}

TEST(RecordedDecisionTest, VoidOverrulesItsDecision) {
  ledger::Manifest voided;
  voided.kind = ledger::ExportKind::kVoid;
  EXPECT_THAT(DifferencesToDecision(voided, Decided()), IsEmpty());
}

}  // namespace
}  // namespace sluice::verify
