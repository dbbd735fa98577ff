#include "sluice/exporter/commit/owner.h"

#include <gmock/gmock.h>

#include "sluice/exporter/commit/commit_fixture.h"

namespace sluice::exporter {
namespace {

using testing::IsOk;

class OwnerTest : public CommitTest {
 protected:
  OwnerTest() {
    other.host = "elsewhere";
    other.run_id = "another";
  }
  Owner Find() { return FindOwner(Context(), ledger.Load().value()); }
  void Beat(Timestamp at, bool released = false) {
    ASSERT_THAT(ledger.PutHeartbeat(1, {other, at, released}), IsOk());
  }
  ledger::Runner other = ledger::Runner::ThisProcess("another");
};

TEST_F(OwnerTest, LivesAsLongAsItsHeartbeatIsFresh) {
  Begun(1, Window(0, 3));
  EXPECT_FALSE(Find().alive) << "it began an hour ago";
  Beat(clock->Now());
  EXPECT_TRUE(Find().alive);
  EXPECT_EQ(Find().runner.host, "elsewhere");
  clock->Advance(ledger::kHeartbeatExpiry);
  clock->Advance(Seconds(1));
  EXPECT_FALSE(Find().alive);
}

TEST_F(OwnerTest, BeforeTheFirstHeartbeatTheIntentCounts) {
  ledger::Intent intent = MakeIntent(Context(), 1, Window(0, 3));
  intent.runner = other;
  ASSERT_THAT(ledger.PutIntent(intent), IsOk());
  EXPECT_TRUE(Find().alive);
}

TEST_F(OwnerTest, ReleasedExportHasNoLivingOwner) {
  Begun(1, Window(0, 3));
  Beat(clock->Now(), /*released=*/true);
  EXPECT_FALSE(Find().alive);
}

TEST_F(OwnerTest, ClockThatIsAheadDoesNotKeepItAlive) {
  Begun(1, Window(0, 3));
  Beat(clock->Now() + Days(1));  // the store, whose time counts then, received it long ago
  EXPECT_FALSE(Find().alive);
}

}  // namespace
}  // namespace sluice::exporter
