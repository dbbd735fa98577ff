#include "sluice/runtime/time_limit.h"

#include <gtest/gtest.h>

#include <csignal>

#include "sluice/runtime/clock.h"

namespace sluice::runtime {
namespace {

void WaitFor(const CancelToken& token) {
  for (int i = 0; i < 2000 && !token.cancelled(); ++i) {
    SystemClock()->SleepFor(Duration{1'000}, CancelToken());
  }
}

TEST(TimeLimitTest, FiresByItselfWhenTheTimeIsUp) {
  const CancelToken parent;
  const TimeLimit limit(parent, Duration{1'000});
  WaitFor(limit.token());
  EXPECT_TRUE(limit.expired());
  EXPECT_FALSE(parent.cancelled());
}

TEST(TimeLimitTest, FollowsItsParentWithTheSignal) {
  const CancelToken parent;
  const TimeLimit limit(parent, Hours(1));
  parent.Cancel(SIGTERM);
  WaitFor(limit.token());
  EXPECT_EQ(limit.token().signal(), SIGTERM);
  EXPECT_FALSE(limit.expired());
}

TEST(TimeLimitTest, WithoutALimitItIsTheParent) {
  const CancelToken parent;
  const TimeLimit limit(parent, std::nullopt);
  EXPECT_FALSE(limit.token().cancelled());
  parent.Cancel(-1);
  EXPECT_TRUE(limit.token().cancelled());
  EXPECT_FALSE(limit.expired());
}

TEST(TimeLimitTest, EndsAtOnceWhenTheWorkIsDone) {
  const auto clock = SystemClock();
  const int64_t began = clock->MonotonicMicros();
  { const TimeLimit limit(CancelToken(), Hours(1)); }
  EXPECT_LT(clock->MonotonicMicros() - began, Minutes(1).micros);
}

}  // namespace
}  // namespace sluice::runtime
