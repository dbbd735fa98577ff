#include "sluice/base/mutex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace sluice {
namespace {

struct Counter {
  Mutex mutex;
  CondVar changed;
  int count SLUICE_GUARDED_BY(mutex) = 0;
};

TEST(MutexTest, ThreadsTakeTurns) {
  Counter counter;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&counter] {
      for (int i = 0; i < 1'000; ++i) {
        const MutexLock lock(counter.mutex);
        ++counter.count;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const MutexLock lock(counter.mutex);
  EXPECT_EQ(counter.count, 4'000);
}

TEST(MutexTest, AnUnlockedStretchLetsOthersIn) {
  Counter counter;
  const MutexLock lock(counter.mutex);
  {
    const MutexUnlock unlock(counter.mutex);
    std::thread([&counter] {
      const MutexLock other(counter.mutex);
      counter.count = 1;
    }).join();
  }
  EXPECT_EQ(counter.count, 1);
}

TEST(CondVarTest, AWaitReleasesTheMutexAndEndsWithANotification) {
  Counter counter;
  std::thread other;
  {
    const MutexLock lock(counter.mutex);
    other = std::thread([&counter] {
      const MutexLock inner(counter.mutex);
      counter.count = 1;
      counter.changed.NotifyAll();
    });
    while (counter.count == 0) counter.changed.Wait(counter.mutex);
    EXPECT_EQ(counter.count, 1);
  }
  other.join();
}

TEST(CondVarTest, AWaitWithAnEndEndsByItself) {
  Counter counter;
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  const MutexLock lock(counter.mutex);
  while (std::chrono::steady_clock::now() < end) counter.changed.WaitUntil(counter.mutex, end);
  EXPECT_EQ(counter.count, 0);
}

}  // namespace
}  // namespace sluice
