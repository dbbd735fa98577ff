#include "sluice/store/location.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "sluice/testing/matchers.h"

namespace sluice::store {
namespace {

using testing::IsError;

TEST(ParseLocationTest, BucketWithOneSlashIsNoLocalFolder) {
  for (const char* url : {"s3:/bucket/out", "s3a:/bucket", "s3:bucket"}) {
    EXPECT_THAT(ParseLocation(url, "/base"), IsError(ErrorKind::kConfig)) << url;
  }
  EXPECT_EQ(ParseLocation("file:/data/out", "/base")->ToString(), "/data/out");
  EXPECT_EQ(ParseLocation("file:///data/out", "/base")->ToString(), "/data/out");
  EXPECT_EQ(ParseLocation("out", "/base")->ToString(), "/base/out");
}

bool Holds(const std::string& outer, const std::string& inner) {
  return Contains(Resolved(*ParseLocation(outer, "/base")),
                  Resolved(*ParseLocation(inner, "/base")));
}

TEST(LocationTest, FolderHoldsItselfAndWhatLiesBelow) {
  EXPECT_TRUE(Holds("s3://lake/a", "s3://lake/a"));
  EXPECT_TRUE(Holds("s3://lake/a", "s3://lake/a/b"));
  EXPECT_FALSE(Holds("s3://lake/a", "s3://lake/ab"));
  EXPECT_FALSE(Holds("s3://lake/a/b", "s3://lake/a"));
  EXPECT_FALSE(Holds("s3://lake/a", "s3://other/a"));
  EXPECT_FALSE(Holds("/lake/a", "s3://lake/a"));
}

TEST(LocationTest, RootHoldsEverything) {
  EXPECT_TRUE(Holds("s3://lake", "s3://lake/export"));
  EXPECT_TRUE(Holds("s3://lake/", "s3://lake"));
  EXPECT_FALSE(Holds("s3://lake", "s3://other/export"));
  EXPECT_TRUE(Holds("/", "/data/out"));
}

TEST(LocationTest, LinkedFolderIsTheOneThatItPointsTo) {
  const std::filesystem::path root =
      std::filesystem::temp_directory_path() / ("sluice_location_" + std::to_string(getpid()));
  std::filesystem::create_directories(root / "real");
  std::filesystem::create_symlink(root / "real", root / "link");
  EXPECT_TRUE(Holds(root / "link", root / "real" / "not-there-yet"));
  EXPECT_TRUE(Holds(root / "real", root / "link" / "export"));
  std::filesystem::remove_all(root);
}

TEST(LocationTest, BucketsRootHasNoFolderAboveIt) {
  EXPECT_THAT(ParseLocation("s3://lake", "/base")->Parent(), IsError(ErrorKind::kUsage));
  EXPECT_EQ(ParseLocation("s3://lake/a", "/base")->Parent()->ToString(), "s3://lake");
  EXPECT_EQ(ParseLocation("/a", "/base")->Parent()->ToString(), "/");
}

}  // namespace
}  // namespace sluice::store
