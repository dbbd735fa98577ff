#include "sluice/store/s3/upload_budget.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using testing::IsError;
using testing::IsOk;

const runtime::CancelToken kGoOn;

/// A token that has fired: Take then reports at once that it would have waited.
runtime::CancelToken Fired() {
  runtime::CancelToken token;
  token.Cancel(-1);
  return token;
}

TEST(UploadBudgetTest, PartsWaitForBytes) {
  UploadBudget budget({.bytes = 10, .parts = 100});
  auto first = budget.Take(6, kGoOn);
  EXPECT_THAT(budget.Take(5, Fired()), IsError(ErrorKind::kCancelled));
  EXPECT_THAT(budget.Take(4, Fired()), IsOk());
}

TEST(UploadBudgetTest, PartsWaitForTheirNumber) {
  UploadBudget budget({.bytes = 10, .parts = 1});
  auto first = budget.Take(0, kGoOn);
  EXPECT_THAT(budget.Take(0, Fired()), IsError(ErrorKind::kCancelled));
}

TEST(UploadBudgetTest, LargePartGoesAlone) {
  UploadBudget budget({.bytes = 10, .parts = 100});
  auto large = budget.Take(1000, Fired());
  ASSERT_THAT(large, IsOk());
  EXPECT_THAT(budget.Take(1, Fired()), IsError(ErrorKind::kCancelled));
}

TEST(UploadBudgetTest, PartThatGrowsNeedsNoSecondPlace) {
  UploadBudget budget({.bytes = 10, .parts = 1});
  auto copy = *budget.Take(0, kGoOn);
  EXPECT_THAT(copy.Grow(10, Fired()), IsOk());
  copy = {};
  EXPECT_THAT(budget.Take(10, Fired()), IsOk());
}

TEST(UploadBudgetTest, ReturnedLeaseWakesTheNext) {
  UploadBudget budget({.bytes = 10, .parts = 100});
  std::optional<UploadBudget::Lease> first = *budget.Take(10, kGoOn);
  std::thread next([&] { EXPECT_THAT(budget.Take(10, kGoOn), IsOk()); });
  first.reset();
  next.join();
}

TEST(UploadBudgetTest, MovedLeaseIsReturnedOnce) {
  UploadBudget budget({.bytes = 10, .parts = 2});
  {
    auto first = *budget.Take(10, kGoOn);
    const UploadBudget::Lease second = std::move(first);
  }
  auto whole = budget.Take(10, Fired());
  EXPECT_THAT(whole, IsOk());
  EXPECT_THAT(budget.Take(1, Fired()), IsError(ErrorKind::kCancelled));
}

}  // namespace
}  // namespace sluice::store
