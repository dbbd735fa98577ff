#include "sluice/runtime/thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sluice/runtime/executor.h"
#include "sluice/runtime/time_limit.h"
#include "sluice/testing/few_threads.h"
#include "sluice/testing/matchers.h"

namespace sluice::runtime {
namespace {

using testing::FewThreads;
using testing::IsError;
using testing::IsOk;

TEST(FewThreadsTest, StartingOneTooManyIsAnErrorWithItsRemedy) {
  const FewThreads none(0);
  const auto started = StartThread([] {});
  ASSERT_THAT(started, IsError(ErrorKind::kStorage));
  EXPECT_FALSE(started.error().remedy.empty());
}

TEST(FewThreadsTest, WorkIsDoneByThoseThatStarted) {
  const FewThreads one(1);
  std::atomic<int> done{0};
  EXPECT_THAT(ParallelFor(100, 8, {},
                          [&](size_t) -> Status {
                            ++done;
                            return {};
                          }),
              IsOk());
  EXPECT_EQ(done, 100);
}

TEST(FewThreadsTest, WithoutAnyTheCallerDoesTheWork) {
  const FewThreads none(0);
  const auto caller = std::this_thread::get_id();
  EXPECT_THAT(ParallelFor(3, 8, {},
                          [&](size_t) -> Status {
                            EXPECT_EQ(std::this_thread::get_id(), caller);
                            return {};
                          }),
              IsOk());
}

TEST(FewThreadsTest, LimitThatNobodyCanWatchLeavesTheWorkGoing) {
  const FewThreads none(0);
  const CancelToken parent;
  const TimeLimit limit(parent, Duration{1});
  EXPECT_FALSE(limit.expired());
  parent.Cancel(-1);
  EXPECT_TRUE(limit.token().cancelled());
}

}  // namespace
}  // namespace sluice::runtime
