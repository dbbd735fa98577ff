#include "sluice/aws/fresh_credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "sluice/runtime/log.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/matchers.h"

namespace sluice::aws {
namespace {

using testing::IsError;

class FreshCredentialsTest : public ::testing::Test {
 protected:
  /// The k-th fetch gives AKIDk, which lasts for `lasts_`.
  Result<Credentials> Fetch() {
    const std::string k = std::to_string(++fetches_);
    if (fails_) return Fail(ErrorKind::kPermission, "no");
    return Credentials{"AKID" + k, secret_ + k, "token-of-fetch-" + k, clock_->Now() + lasts_};
  }
  std::string Key(std::string_view refused = {}) {
    const auto got = source_->Get(refused, {});
    return got ? got->access_key : got.error().message;
  }

  std::atomic<int> fetches_{0};
  bool fails_ = false;
  Duration lasts_ = Hours(1);
  std::string secret_ = "secret-of-fetch-";
  const std::shared_ptr<testing::FakeClock> clock_ =
      std::make_shared<testing::FakeClock>(Timestamp{1'800'000'000'000'000});
  std::shared_ptr<CredentialsSource> source_ =
      KeepFresh([this](const runtime::CancelToken&) { return Fetch(); }, clock_);
};

TEST_F(FreshCredentialsTest, AreFetchedOnce) {
  EXPECT_EQ(Key(), "AKID1");
  EXPECT_EQ(Key(), "AKID1");
}

TEST_F(FreshCredentialsTest, AreFetchedAgainFiveMinutesBeforeTheyExpire) {
  EXPECT_EQ(Key(), "AKID1");
  clock_->Advance(Minutes(54));
  EXPECT_EQ(Key(), "AKID1");
  clock_->Advance(Minutes(1));
  EXPECT_EQ(Key(), "AKID2");
}

TEST_F(FreshCredentialsTest, ShortLivedOnesAreUsedForMostOfTheirLife) {
  lasts_ = Minutes(5);
  EXPECT_EQ(Key(), "AKID1");
  clock_->Advance(Minutes(3));
  EXPECT_EQ(Key(), "AKID1");
  clock_->Advance(Minutes(1));
  EXPECT_EQ(Key(), "AKID2");
}

TEST_F(FreshCredentialsTest, ExpiredOnesAreNotKept) {
  lasts_ = Minutes(-1);
  EXPECT_EQ(Key(), "AKID1");
  EXPECT_EQ(Key(), "AKID2");
}

TEST_F(FreshCredentialsTest, RefusalOfTheLastOnesFetchesOnceForAllWhoWereRefused) {
  EXPECT_EQ(Key(), "AKID1");
  EXPECT_EQ(Key("AKID1"), "AKID2");
  EXPECT_EQ(Key("AKID1"), "AKID2");
}

TEST_F(FreshCredentialsTest, CallersAtTheSameTimeShareOneFetch) {
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) callers.emplace_back([this] { EXPECT_EQ(Key(), "AKID1"); });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(fetches_, 1);
}

TEST_F(FreshCredentialsTest, FailureIsNotKept) {
  fails_ = true;
  EXPECT_EQ(Key(), "no");
  fails_ = false;
  EXPECT_EQ(Key(), "AKID2");
}

TEST_F(FreshCredentialsTest, CallerWhoseTimeIsUpDoesNotWaitForAnothersFetch) {
  std::atomic<bool> is_fetching{false}, may_end{false};
  const auto slow = KeepFresh([&](const runtime::CancelToken&) -> Result<Credentials> {
    is_fetching = true;
    while (!may_end) std::this_thread::yield();
    return Credentials{"AKID", "secret", "", {}};
  });
  std::thread fetcher([&] { (void)slow->Get({}, {}); });
  while (!is_fetching) std::this_thread::yield();
  runtime::CancelToken up;
  up.Cancel(-1);
  EXPECT_THAT(slow->Get({}, up), IsError(ErrorKind::kCancelled));
  may_end = true;
  fetcher.join();
}

TEST_F(FreshCredentialsTest, SecretsBeforeTheLastAreForgottenByTheLog) {
  lasts_ = Minutes(-1);
  secret_ = "renewed-";  // the log keeps those of the other tests' sources, which were not renewed
  for (int i = 0; i < 3; ++i) Key();
  EXPECT_EQ(runtime::Redact("renewed-3 renewed-2 renewed-1"), "*** *** renewed-1");
}

}  // namespace
}  // namespace sluice::aws
