#include "sluice/exporter/commit/perform.h"

#include <gmock/gmock.h>

#include <utility>

#include "sluice/exporter/commit/commit_fixture.h"
#include "sluice/exporter/commit/void_export.h"

namespace sluice::exporter {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

class PerformTest : public CommitTest {
 protected:
  Result<Outcome> Export(int64_t n, plan::PlannedExport planned) {
    return Perform(Context(), access, JobOf(n, std::move(planned)), progress);
  }
};

TEST_F(PerformTest, MakesFilesVisibleThenPublishesThenMovesTheState) {
  const auto outcome = Export(1, Window(0, 3));
  ASSERT_THAT(outcome, IsOk());
  ASSERT_NE(outcome->published(), nullptr);
  EXPECT_EQ(outcome->published()->window.rows, 6);
  EXPECT_EQ(outcome->published()->window.files, 2);
  EXPECT_EQ(Visible(), 2);
  EXPECT_TRUE(ledger.ReadManifest(1).value());
  EXPECT_EQ(StateRow(), Hour(3));
}

TEST_F(PerformTest, LosesToARunnerThatBeganFirst) {
  Begun(1, Window(0, 3));
  const auto outcome = Export(1, Window(0, 4));
  ASSERT_THAT(outcome, IsOk());
  EXPECT_FALSE(outcome->is_visible());
  EXPECT_EQ(access.mover().moves, 0) << "no byte is moved for it";
}

TEST_F(PerformTest, AbortsItsUploadsWhereAnotherRunnerDecidedFirst) {
  access.mover().meanwhile = [&] {
    EXPECT_THAT(VoidUndecided(Context(), 1, {}, {"a test voids it", {}}), IsOk());
  };
  const auto outcome = Export(1, Window(0, 3));
  ASSERT_THAT(outcome, IsOk());
  EXPECT_TRUE(std::holds_alternative<Lost>(outcome->how));
  EXPECT_EQ(Visible(), 0);
  EXPECT_EQ(Pending(), 0);
}

TEST_F(PerformTest, FailedTransferDecidesNothingAndReleasesTheExport) {
  access.mover().error = Error{ErrorKind::kCorrupt, "a.parquet is cut short", {}};
  EXPECT_THAT(Export(1, Window(0, 3)), IsError(ErrorKind::kCorrupt));
  const auto view = ledger.Load().value();
  EXPECT_TRUE(view.undecided());
  ASSERT_TRUE(view.heartbeat);
  EXPECT_TRUE(view.heartbeat->released);
  EXPECT_EQ(StateRow(), std::nullopt);
}

TEST_F(PerformTest, StopBeforeTheDecisionSaysThatNothingWasPublished) {
  access.mover().error = Error{ErrorKind::kCancelled, "stopped", {}};
  EXPECT_THAT(Export(1, Window(0, 3)), HasMessage("nothing of this window was published"));
}

TEST_F(PerformTest, LateRowsSayNothingAboutRowsWithoutAWatermark) {
  ASSERT_THAT(Export(1, Window(0, 3)), IsOk());
  access.mover().null_watermarks = 7;
  const auto outcome = Export(2, Late(3));
  ASSERT_THAT(outcome, IsOk());
  EXPECT_EQ(outcome->published()->null_watermarks, 0);
  EXPECT_EQ(StateRow(), Hour(3)) << "late rows move no state";
}

TEST_F(PerformTest, ResetMovesThePositionAndNoRows) {
  ASSERT_THAT(Export(1, Window(0, 3)), IsOk());
  Job reset;
  reset.n = 2;
  reset.planned = Window(3, 8);
  reset.planned.what = plan::PlannedReset{"a test", /*skipped=*/true};
  reset.planned.state_forced = true;
  ASSERT_THAT(Perform(Context(), access, std::move(reset), progress), IsOk());
  const auto manifest = ledger.ReadManifest(2).value();
  EXPECT_EQ(manifest->kind, ledger::ExportKind::kReset);
  EXPECT_TRUE(manifest->skipped);
  EXPECT_EQ(manifest->reason, "a test");
  EXPECT_EQ(access.mover().moves, 1);
  EXPECT_EQ(StateRow(), Hour(8));
}

}  // namespace
}  // namespace sluice::exporter
