#include "sluice/exporter/commit/state_standing.h"

#include <gmock/gmock.h>

#include "sluice/exporter/commit/commit_fixture.h"
#include "sluice/exporter/commit/last_run.h"

namespace sluice::exporter {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using testing::IsOkAnd;

class StateStandingTest : public CommitTest {
 protected:
  ledger::LedgerView Published(int64_t n, const plan::PlannedExport& planned) {
    const auto decision = Decided(n, planned);
    EXPECT_THAT(ledger.PutManifest(decision.manifest), IsOk());
    return ledger.Load().value();
  }
};

TEST_F(StateStandingTest, RowFollowsEachExportOnce) {
  const auto first = Decided(1, Window(0, 3)), second = Decided(2, Window(3, 5));
  EXPECT_THAT(StateFollowed(Context(), 1), IsOkAnd(false));
  for (int again = 0; again < 2; ++again) {
    EXPECT_THAT(LetStateFollow(Context(), first), IsOk());
    EXPECT_THAT(LetStateFollow(Context(), second), IsOk());
    EXPECT_THAT(StateFollowed(Context(), 2), IsOkAnd(true));
    EXPECT_EQ(StateRow(), Hour(5));
  }
}

TEST_F(StateStandingTest, RowDoesNotFollowPastAnExportThatItMissed) {
  EXPECT_THAT(LetStateFollow(Context(), Decided(2, Window(3, 5))), IsError(ErrorKind::kConflict));
  EXPECT_EQ(StateRow(), std::nullopt);
}

TEST_F(StateStandingTest, RowIsToFollowAVisibleExportUntilItDid) {
  EXPECT_THAT(StateIsToFollow(Context(), ledger.Load().value()), IsOkAnd(false));
  const auto decision = Decided(1, Window(0, 3));
  EXPECT_THAT(StateIsToFollow(Context(), ledger.Load().value()), IsOkAnd(false))
      << "it is not visible yet";
  ASSERT_THAT(ledger.PutManifest(decision.manifest), IsOk());
  EXPECT_THAT(StateIsToFollow(Context(), ledger.Load().value()), IsOkAnd(true));
  ASSERT_THAT(FollowState(Context(), decision), IsOk());
  EXPECT_THAT(StateIsToFollow(Context(), ledger.Load().value()), IsOkAnd(false));
}

TEST_F(StateStandingTest, LostRowIsAConflictOnlyWhereARunSawItFollow) {
  const auto view = Published(1, Window(0, 3));
  EXPECT_THAT(RequireNotLost(Context(), 1, view.position()), IsOk()) << "a crash came in between";
  RecordLastRun(Context(), "exported", {}, 1);
  EXPECT_THAT(RequireNotLost(Context(), 1, view.position()), IsError(ErrorKind::kConflict));
  EXPECT_THAT(StateIsToFollow(Context(), view), IsOkAnd(false));
  EXPECT_THAT(RequireNotLost(Context(), 2, view.position()), IsOk());
  ASSERT_THAT(FollowState(Context(), *view.decision), IsOk());
  EXPECT_THAT(RequireNotLost(Context(), 1, view.position()), IsOk());
}

TEST_F(StateStandingTest, RowBehindIsNamedBesideWhatWasExported) {
  const auto first = Published(1, Window(0, 3));
  auto behind = FindRowBehind(Context(), first.position());
  ASSERT_TRUE(behind && *behind);
  EXPECT_THAT((*behind)->message, HasSubstr("is missing, but exports up to 2026-01-01T03:00:00Z"));
  ASSERT_THAT(FollowState(Context(), *first.decision), IsOk());
  EXPECT_FALSE(FindRowBehind(Context(), first.position()).value());
  behind = FindRowBehind(Context(), Published(2, Window(3, 5)).position());
  ASSERT_TRUE(behind && *behind);
  EXPECT_THAT((*behind)->message, HasSubstr("stands at 2026-01-01T03:00:00Z"));
}

TEST_F(StateStandingTest, RowAheadOfTheExportsIsNotBehind) {
  const auto first = Published(1, Window(0, 3));
  plan::PlannedExport ahead = Window(3, 9);
  ahead.state_forced = true;
  ASSERT_THAT(FollowState(Context(), Decided(2, ahead)), IsOk());
  EXPECT_FALSE(FindRowBehind(Context(), first.position()).value());
}

TEST_F(StateStandingTest, ForgettingRemovesTheRow) {
  ASSERT_THAT(FollowState(Context(), Decided(1, Window(0, 3))), IsOk());
  ledger::Decision forget = Decided(2, Window(3, 5));
  forget.state_forget = forget.state_forced = true;
  ASSERT_THAT(FollowState(Context(), forget), IsOk());
  EXPECT_EQ(StateRow(), std::nullopt);
  EXPECT_THAT(StateFollowed(Context(), 2), IsOkAnd(true));
}

TEST_F(StateStandingTest, SnapshotsKeepNoRow) {
  const auto view = Published(1, Window(0, 3));
  table.options = config::SnapshotOptions{};
  EXPECT_THAT(LetStateFollow(Context(), *view.decision), IsOk());
  EXPECT_THAT(StateIsToFollow(Context(), view), IsOkAnd(false));
  EXPECT_FALSE(FindRowBehind(Context(), view.position()).value());
  EXPECT_FALSE(state.Read()->exists);
}

}  // namespace
}  // namespace sluice::exporter
