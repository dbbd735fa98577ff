#include "sluice/stores/reaching_store.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::stores {
namespace {

using store::Location;
using testing::IsError;
using testing::IsOk;
using testing::MakeMemoryStore;

class ReachElsewhereTest : public ::testing::Test {
 protected:
  ReachElsewhereTest() { EXPECT_THAT(other_->Put("x/f.parquet", "PAR1"), IsOk()); }

  std::shared_ptr<store::ObjectStore> Table(std::string_view at) {
    const auto open = [this](const Location& place) -> Result<std::shared_ptr<store::ObjectStore>> {
      opened_.push_back(place.ToString());
      return other_;
    };
    return ReachElsewhere(MakeMemoryStore(), store::ParseLocation(at, "/").value(), open);
  }

  std::shared_ptr<store::ObjectStore> other_ = MakeMemoryStore();
  std::vector<std::string> opened_;
};

TEST_F(ReachElsewhereTest, ABucketIsOpenedOnceForAllItsFiles) {
  const auto table = Table("s3://lake/t");
  EXPECT_THAT(table->OpenElsewhere("s3://other/x/f.parquet"), IsOk());
  EXPECT_THAT(table->OpenElsewhere("s3://other/x/gone.parquet"), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(opened_, std::vector<std::string>{"s3://other"});
}

TEST_F(ReachElsewhereTest, ALocalTableReachesOtherFolders) {
  const auto table = Table("/lake/t");
  EXPECT_THAT(table->OpenElsewhere("/lake/x/f.parquet"), IsError(ErrorKind::kNotFound));
  EXPECT_EQ(opened_, std::vector<std::string>{"/lake/x"});
}

TEST_F(ReachElsewhereTest, TheLogOfATableInABucketDoesNotReachTheDisk) {
  const auto table = Table("s3://lake/t");
  EXPECT_THAT(table->OpenElsewhere("/etc/f.parquet"), IsError(ErrorKind::kUnsupported));
  EXPECT_TRUE(opened_.empty());
}

TEST_F(ReachElsewhereTest, OtherSchemesAreNotReached) {
  const auto table = Table("/lake/t");
  EXPECT_THAT(table->OpenElsewhere("dbfs:/lake/f.parquet"), IsError(ErrorKind::kUnsupported));
}

}  // namespace
}  // namespace sluice::stores
