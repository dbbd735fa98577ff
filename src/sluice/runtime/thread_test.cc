#include "sluice/runtime/thread.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "sluice/runtime/executor.h"
#include "sluice/runtime/time_limit.h"
#include "sluice/testing/matchers.h"

namespace {

/// So many threads may still be started by this program.
std::atomic<int> threads_left{1 << 20};

}  // namespace

/// In place of the C library's, so that a test can take threads away.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*work)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_left.fetch_sub(1) <= 0) return EAGAIN;
  return real(thread, attributes, work, argument);
}

namespace sluice::runtime {
namespace {

using testing::IsError;
using testing::IsOk;

class FewThreads : public ::testing::Test {
 protected:
  void Allow(int threads) { threads_left = threads; }
  ~FewThreads() override { threads_left = 1 << 20; }
};

TEST_F(FewThreads, StartingOneMoreIsAnErrorWithItsRemedy) {
  Allow(0);
  const auto started = StartThread([] {});
  ASSERT_THAT(started, IsError(ErrorKind::kStorage));
  EXPECT_FALSE(started.error().remedy.empty());
}

TEST_F(FewThreads, WorkIsDoneByThoseThatStarted) {
  Allow(1);
  std::atomic<int> done{0};
  EXPECT_THAT(ParallelFor(100, 8, {},
                          [&](size_t) -> Status {
                            ++done;
                            return {};
                          }),
              IsOk());
  EXPECT_EQ(done, 100);
}

TEST_F(FewThreads, WithoutAnyTheCallerDoesTheWork) {
  Allow(0);
  const auto caller = std::this_thread::get_id();
  EXPECT_THAT(ParallelFor(3, 8, {},
                          [&](size_t) -> Status {
                            EXPECT_EQ(std::this_thread::get_id(), caller);
                            return {};
                          }),
              IsOk());
}

TEST_F(FewThreads, LimitThatNobodyCanWatchLeavesTheWorkGoing) {
  Allow(0);
  const CancelToken parent;
  const TimeLimit limit(parent, Duration{1});
  EXPECT_FALSE(limit.expired());
  parent.Cancel(-1);
  EXPECT_TRUE(limit.token().cancelled());
}

}  // namespace
}  // namespace sluice::runtime
