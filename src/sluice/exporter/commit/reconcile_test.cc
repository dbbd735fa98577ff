#include "sluice/exporter/commit/reconcile.h"

#include <gmock/gmock.h>

#include "sluice/exporter/commit/commit_fixture.h"
#include "sluice/exporter/commit/last_run.h"
#include "sluice/exporter/commit/state_standing.h"

namespace sluice::exporter {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

class ReconcileTest : public CommitTest {
 protected:
  Result<Reconciled> Step(const RunOptions& options = {}) {
    return Reconcile(Context(), access, options, progress);
  }
  /// The outcome of a step that did something.
  Outcome Progress() {
    auto step = Step();
    EXPECT_THAT(step, IsOk());
    EXPECT_TRUE(std::holds_alternative<Progressed>(*step));
    return std::get<Progressed>(*std::move(step)).outcome;
  }
  bool IsSettled() {
    const auto step = Step();
    EXPECT_THAT(step, IsOk());
    return std::holds_alternative<AllSettled>(*step);
  }
};

TEST_F(ReconcileTest, EmptyLedgerIsSettled) { EXPECT_TRUE(IsSettled()); }

TEST_F(ReconcileTest, EmptyLedgerIsRefusedWhereTheStateFollowedAnExport) {
  const auto decision = Decided(1, Window(0, 3));
  ASSERT_THAT(FollowState(Context(), decision), IsOk());
  Empty(*ledger_store);
  EXPECT_THAT(Step(), HasMessage("the ledger of these exports is gone"));
}

TEST_F(ReconcileTest, DecidedExportIsFinished) {
  Decided(1, Window(0, 3));
  EXPECT_NE(Progress().published(), nullptr);
  EXPECT_TRUE(IsSettled());
  EXPECT_EQ(Visible(), 2);
}

TEST_F(ReconcileTest, ExportOfARunnerThatIsGoneIsDoneAsItWasBegun) {
  Begun(1, Window(0, 3));
  access.facts.source_version = Version{9};
  const Outcome outcome = Progress();
  ASSERT_NE(outcome.published(), nullptr);
  EXPECT_EQ(outcome.published()->window.end, ledger::Bound(Hour(3)));
  EXPECT_EQ(ledger.ReadDecision(1).value()->manifest.source_version, Version{1});
  EXPECT_TRUE(IsSettled());
}

TEST_F(ReconcileTest, ExportThatTodaysConfigWouldShapeOtherwiseIsVoided) {
  Begun(1, Window(0, 3));
  table.partition = config::Partition::kDaily;
  const Outcome outcome = Progress();
  EXPECT_TRUE(std::holds_alternative<Voided>(outcome.how));
  EXPECT_THAT(outcome.notes, ElementsAre(HasSubstr("config")));
  EXPECT_EQ(access.mover().moves, 0);
  EXPECT_TRUE(IsSettled());
}

TEST_F(ReconcileTest, ExportWhoseRowAnotherWriterMovedIsVoided) {
  Begun(1, Window(0, 3));
  access.row = ledger::Bound(Hour(5));
  EXPECT_THAT(Progress().notes, ElementsAre(HasSubstr("another writer moved the row")));
}

TEST_F(ReconcileTest, ExportOfAVersionThatIsGoneIsVoidedOnlyWhereTheSourceMovedOn) {
  Begun(1, Window(0, 3));
  access.error = Error{ErrorKind::kSourceGone, "version 1 was cleaned up", {}};
  EXPECT_THAT(Step(), IsError(ErrorKind::kSourceGone)) << "the next one would fail as well";
  access.facts.source_version = Version{9};
  EXPECT_TRUE(std::holds_alternative<Voided>(Progress().how));
}

TEST_F(ReconcileTest, ReseedVoidsWhatWasBegunBefore) {
  Begun(1, Window(0, 3));
  RunOptions reseed;
  reseed.reseed = true;
  const auto step = Step(reseed);
  ASSERT_THAT(step, IsOk());
  EXPECT_THAT(std::get<Progressed>(*step).outcome.notes, ElementsAre(HasSubstr("started over")));
}

TEST_F(ReconcileTest, LiveRunnerIsLeftAloneForAsLongAsAsked) {
  Begun(1, Window(0, 3));
  ledger::Runner other = runner;
  other.host = "elsewhere";
  ASSERT_THAT(ledger.PutHeartbeat(1, {other, clock->Now(), false}), IsOk());
  RunOptions options;
  EXPECT_TRUE(std::holds_alternative<Busy>(*Step(options)));
  EXPECT_THAT(clock->sleeps(), SizeIs(0));
  options.wait = Seconds(3);
  EXPECT_TRUE(std::holds_alternative<Busy>(*Step(options)));
  EXPECT_THAT(clock->sleeps(), AllOf(SizeIs(3), Each(Seconds(1))));
}

TEST_F(ReconcileTest, StateFollowsAfterACrashAndIsNotPutBackOnceItWasLost) {
  const auto decision = Decided(1, Window(0, 3));
  ASSERT_THAT(ledger.PutManifest(decision.manifest), IsOk());
  const Outcome outcome = Progress();
  EXPECT_TRUE(std::holds_alternative<PublishedByOther>(outcome.how));
  EXPECT_EQ(StateRow(), Hour(3));
  EXPECT_TRUE(IsSettled());
  RecordLastRun(Context(), "exported", {}, 1);
  Empty(*state_store);
  EXPECT_THAT(Step(), IsError(ErrorKind::kConflict));
}

TEST_F(ReconcileTest, HeartbeatNamesTheNewestSettledExport) {
  Decided(1, Window(0, 3));
  PublishHeartbeat(Context());
  EXPECT_EQ(ledger.PublishedHint().value(), 0);
  Progress();
  PublishHeartbeat(Context());
  EXPECT_EQ(ledger.PublishedHint().value(), 1);
}

}  // namespace
}  // namespace sluice::exporter
