#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <atomic>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>

#include "sluice/runtime/entropy.h"
#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"
#include "sluice/runtime/retry.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/matchers.h"

namespace sluice::runtime {
namespace {

using ::testing::ElementsAre;
using testing::FakeClock;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;

/// Always the largest delay: full jitter takes a remainder.
class Greedy : public Entropy {
 public:
  uint64_t Next() override { return next_; }
  explicit Greedy(uint64_t next) : next_(next) {}

 private:
  const uint64_t next_;
};

class RetryTest : public ::testing::Test {
 protected:
  /// Fails `failures` times with `kind`, then succeeds.
  Status Run(int failures, ErrorKind kind = ErrorKind::kTransient) {
    return Retry(policy_, clock_, *entropy_, cancel_, [&]() -> Status {
      ++attempts_;
      if (attempts_ <= failures) return Fail(kind, "attempt {} failed", attempts_);
      return {};
    });
  }

  RetryPolicy policy_{
      .attempts = 5, .first_delay = Seconds(1), .max_delay = Seconds(4), .deadline = Minutes(1)};
  FakeClock clock_;
  // One less than a common multiple of the bounds 1 s, 2 s and 4 s: each delay is its bound less 1 us.
  std::shared_ptr<Entropy> entropy_ = std::make_shared<Greedy>(3'999'999);
  CancelToken cancel_;
  int attempts_ = 0;
};

TEST_F(RetryTest, DelaysDoubleUpToTheirBound) {
  EXPECT_THAT(Run(4), IsOk());
  EXPECT_THAT(clock_.sleeps(), ElementsAre(Duration{999'999}, Duration{1'999'999},
                                           Duration{3'999'999}, Duration{3'999'999}));
}

TEST_F(RetryTest, LastErrorIsReturnedWhenAttemptsAreUsedUp) {
  EXPECT_THAT(Run(100), HasMessage("attempt 5 failed"));
  EXPECT_THAT(clock_.sleeps(), SizeIs(4));
}

TEST_F(RetryTest, WhatNoRetryCuresIsNotRetried) {
  EXPECT_THAT(Run(1, ErrorKind::kPermission), IsError(ErrorKind::kPermission));
  EXPECT_EQ(attempts_, 1);
  EXPECT_THAT(clock_.sleeps(), IsEmpty());
}

TEST_F(RetryTest, NoPauseReachesPastTheDeadline) {
  policy_.attempts = 100;
  policy_.deadline = Seconds(5);
  EXPECT_THAT(Run(1000), IsError(ErrorKind::kTransient));
  EXPECT_EQ(clock_.MonotonicMicros(), Seconds(5).micros);
  EXPECT_EQ(attempts_, 4);
}

TEST_F(RetryTest, JumpOfTheWallClockEndsNothing) {
  const Status status = Retry(policy_, clock_, *entropy_, cancel_, [&]() -> Status {
    clock_.Set(clock_.Now() + Days(1));
    return ++attempts_ < 3 ? Status(Fail(ErrorKind::kTransient, "again")) : Status();
  });
  EXPECT_THAT(status, IsOk());
}

TEST_F(RetryTest, CancelledPauseEndsTheRetries) {
  const Status status = Retry(policy_, clock_, *entropy_, cancel_, [&]() -> Status {
    ++attempts_;
    cancel_.Cancel(15);
    return Fail(ErrorKind::kTransient, "again");
  });
  EXPECT_THAT(status, IsError(ErrorKind::kCancelled));
  EXPECT_EQ(attempts_, 1);
}

TEST_F(RetryTest, PatientPolicyHasLittleTimeLeftOnceCancelled) {
  policy_.attempts = 100;
  policy_.patience = Seconds(5);
  cancel_.Cancel(15);
  EXPECT_THAT(Run(1000), IsError(ErrorKind::kTransient));
  EXPECT_EQ(clock_.MonotonicMicros(), Seconds(5).micros);
}

TEST_F(RetryTest, PatientPolicyIsNotCutShortByASignal) {
  policy_.patience = Seconds(5);
  cancel_.Cancel(15);
  EXPECT_THAT(Run(2), IsOk());
}

TEST_F(RetryTest, JitterIsFull) {
  entropy_ = SeededEntropy(3);
  policy_ = {
      .attempts = 2000, .first_delay = Seconds(1), .max_delay = Seconds(1), .deadline = Hours(10)};
  (void)Run(10'000);
  const auto sleeps = clock_.sleeps();
  const auto [least, most] = std::minmax_element(sleeps.begin(), sleeps.end());
  EXPECT_LT(least->micros, 10'000);
  EXPECT_GT(most->micros, 990'000);
  EXPECT_LT(most->micros, 1'000'000);
}

class ParallelForTest : public ::testing::TestWithParam<int> {};

TEST_P(ParallelForTest, EveryIndexIsWorkedOnOnce) {
  std::vector<std::atomic<int>> times(1000);
  EXPECT_THAT(ParallelFor(times.size(), GetParam(), CancelToken(),
                          [&](size_t i) -> Status {
                            ++times[i];
                            return {};
                          }),
              IsOk());
  for (const auto& n : times) EXPECT_EQ(n, 1);
}

TEST_P(ParallelForTest, FirstErrorStopsTheHandingOut) {
  std::atomic<int> begun{0};
  const Status status = ParallelFor(1'000'000, GetParam(), CancelToken(), [&](size_t i) -> Status {
    ++begun;
    if (i == 10) return Fail(ErrorKind::kStorage, "index {}", i);
    return {};
  });
  EXPECT_THAT(status, HasMessage("index 10"));
  EXPECT_LT(begun, 1'000'000);
}

TEST_P(ParallelForTest, CancelledWorkStops) {
  const CancelToken cancel;
  std::atomic<int> begun{0};
  const Status status = ParallelFor(1'000'000, GetParam(), cancel, [&](size_t) -> Status {
    if (++begun == 5) cancel.Cancel(2);
    return {};
  });
  EXPECT_THAT(status, IsError(ErrorKind::kCancelled));
  EXPECT_LT(begun, 1'000'000);
}

TEST_P(ParallelForTest, ExceptionOfALibraryIsAnError) {
  const Status status = ParallelFor(3, GetParam(), CancelToken(), [](size_t) -> Status {
    throw std::runtime_error("out of paper");
  });
  EXPECT_THAT(status, IsError(ErrorKind::kInternal));
  EXPECT_THAT(status, HasMessage("out of paper"));
}

TEST_P(ParallelForTest, NothingToDoIsDone) {
  EXPECT_THAT(ParallelFor(0, GetParam(), CancelToken(),
                          [](size_t) -> Status { return Fail(ErrorKind::kInternal, "called"); }),
              IsOk());
}

INSTANTIATE_TEST_SUITE_P(Threads, ParallelForTest, ::testing::Values(0, 1, 2, 8));

TEST(RedactTest, SecretIsBlankedEverywhere) {
  RegisterSecret("hunter2-and-more");
  EXPECT_EQ(Redact("a hunter2-and-more b hunter2-and-more"), "a *** b ***");
  EXPECT_EQ(Redact("hunter2"), "hunter2");
}

TEST(RedactTest, SecretThatHoldsAnotherLeavesNoTail) {
  RegisterSecret("AKIAEXAMPLE");
  RegisterSecret("AKIAEXAMPLE/with/a/tail");
  EXPECT_EQ(Redact("key AKIAEXAMPLE/with/a/tail."), "key ***.");
  EXPECT_EQ(Redact("key AKIAEXAMPLE."), "key ***.");
}

TEST(RedactTest, ShortSecretsWouldBlankHalfTheText) {
  RegisterSecret("e");
  EXPECT_EQ(Redact("the rest"), "the rest");
}

TEST(RedactTest, RenewedSecretHidesTheLastTwo) {
  RenewedSecret token;
  for (const char* secret : {"token-of-hour-1", "token-of-hour-2", "token-of-hour-3"}) {
    token.Renew(secret);
  }
  EXPECT_EQ(Redact("token-of-hour-3 token-of-hour-2 token-of-hour-1"), "*** *** token-of-hour-1");
}

TEST(RedactTest, SecretOfTwoOwnersStaysHiddenWhileOneHasIt) {
  RenewedSecret token;
  RegisterSecret("shared-by-two");
  for (const char* secret : {"shared-by-two", "another-one", "yet-another"}) token.Renew(secret);
  EXPECT_EQ(Redact("shared-by-two"), "***");
}

TEST(EntropyTest, IdsHaveTheirForm) {
  const auto entropy = SeededEntropy(1);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = RandomUuid(*entropy);
    EXPECT_THAT(uuid, ::testing::MatchesRegex(
                          "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    seen.insert(uuid);
    EXPECT_THAT(RandomHex16(*entropy), ::testing::MatchesRegex("[0-9a-f]{16}"));
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(EntropyTest, SeedDecidesTheSequence) {
  EXPECT_EQ(RandomUuid(*SeededEntropy(5)), RandomUuid(*SeededEntropy(5)));
  EXPECT_NE(RandomUuid(*SeededEntropy(5)), RandomUuid(*SeededEntropy(6)));
}

TEST(RedactTest, ErrorsNameTheVariableThatAValueCameFrom) {
  RegisterExpansion("LAKE", "/mnt/some-lake");
  RegisterExpansion("DEEPER", "/mnt/some-lake/deeper");
  RegisterExpansion("SHORT", "word");
  EXPECT_EQ(RedactError("/mnt/some-lake/a: no word"), "${LAKE}/a: no word");
  EXPECT_EQ(RedactError("/mnt/some-lake/deeper/a"), "${DEEPER}/a");
  EXPECT_EQ(Redact("/mnt/some-lake/a"), "/mnt/some-lake/a");
}

}  // namespace
}  // namespace sluice::runtime
