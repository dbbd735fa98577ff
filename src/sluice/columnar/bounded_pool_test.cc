#include "sluice/columnar/bounded_pool.h"

#include <arrow/buffer.h>
#include <gtest/gtest.h>

namespace sluice::columnar {
namespace {

constexpr int64_t kMost = 1000;

TEST(BoundedPoolTest, MoreThanItsRoomIsRefused) {
  const auto pool = BoundedPool::Make(kMost);
  auto first = arrow::AllocateResizableBuffer(600, pool.get());
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(pool->refused());
  EXPECT_TRUE(arrow::AllocateBuffer(600, pool.get()).status().IsOutOfMemory());
  EXPECT_TRUE(pool->refused());
  EXPECT_TRUE((*first)->Resize(2000).IsOutOfMemory());
}

TEST(BoundedPoolTest, WhatWasThereAtTheMarkDoesNotCount) {
  const auto pool = BoundedPool::Make(kMost);
  const auto before = arrow::AllocateBuffer(900, pool.get());
  ASSERT_TRUE(before.ok());
  pool->Mark();
  EXPECT_TRUE(arrow::AllocateBuffer(900, pool.get()).ok());
  EXPECT_FALSE(pool->refused());
}

TEST(BoundedPoolTest, WhatIsFreedMakesRoom) {
  const auto pool = BoundedPool::Make(kMost);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(arrow::AllocateBuffer(900, pool.get()).ok());
  EXPECT_EQ(pool->bytes_allocated(), 0);
}

TEST(BoundedPoolTest, BuffersOutliveTheHandle) {
  auto pool = BoundedPool::Make(kMost);
  auto buffer = arrow::AllocateBuffer(900, pool.get());
  pool.reset();
  ASSERT_TRUE(buffer.ok());
  (*buffer)->mutable_data()[899] = 1;
  (*buffer).reset();  // frees through the pool
}

}  // namespace
}  // namespace sluice::columnar
