#include "sluice/delta/log/log.h"

#include <gmock/gmock.h>

#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;

class LogTest : public ::testing::Test {
 protected:
  void Put(const std::string& name, const std::string& bytes = "{}") {
    ASSERT_THAT(store_->Put("_delta_log/" + name, bytes), IsOk());
  }
  void PutCommits(int64_t first, int64_t last) {
    for (int64_t v = first; v <= last; ++v) {
      ASSERT_THAT(store_->Put(CommitKey(Version{v}), R"({"txn":{"appId":"a","version":1}})"),
                  IsOk());
    }
  }
  static std::vector<int64_t> Versions(const LogListing& listing) {
    std::vector<int64_t> versions;
    for (const CommitFile& commit : listing.commits) versions.push_back(commit.version.value);
    return versions;
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  Log log_{store_};
};

TEST_F(LogTest, ForeignFilesAreNotListed) {
  PutCommits(0, 1);
  Put("00000000000000000001.crc");
  Put("00000000000000000000.json.tmp");
  Put("_staged_commits/00000000000000000002.json");
  Put("_sidecars/00000000000000000002.checkpoint.parquet");
  Put("_last_checkpoint", "torn {");
  const auto listing = log_.List();
  ASSERT_THAT(listing, IsOk());
  EXPECT_THAT(Versions(*listing), ElementsAre(0, 1));
  EXPECT_TRUE(listing->checkpoints.empty());
  EXPECT_TRUE(listing->compacted.empty());
  EXPECT_EQ(listing->latest(), Version{1});
}

TEST_F(LogTest, CompactedLogsAreListed) {
  PutCommits(0, 4);
  Put("00000000000000000001.00000000000000000003.compacted.json", "12345");
  const auto listing = log_.List();
  ASSERT_EQ(listing->compacted.size(), 1u);
  EXPECT_EQ(listing->compacted[0].first, Version{1});
  EXPECT_EQ(listing->compacted[0].last, Version{3});
  EXPECT_EQ(listing->compacted[0].size, 5);
}

constexpr const char* kNamed[] = {
    "00000000000000000003.checkpoint.11111111-7026-4e79-81be-64bd76c43a11.json",
    "00000000000000000003.checkpoint.22222222-7026-4e79-81be-64bd76c43a11.parquet"};

TEST_F(LogTest, NamedCheckpointsComeBeforeThoseWithClassicNames) {
  PutCommits(0, 3);
  for (const char* name : kNamed) Put(name);
  Put("00000000000000000003.checkpoint.parquet");
  Put("00000000000000000003.checkpoint.0000000001.0000000002.parquet");
  const auto listing = log_.List();
  ASSERT_EQ(listing->checkpoints.size(), 3u);
  EXPECT_FALSE(listing->checkpoints[0].named);
  EXPECT_THAT(listing->checkpoints[2].parts[0], ::testing::EndsWith(kNamed[1]));
}

TEST_F(LogTest, TheHintChoosesAmongCheckpointsOfOneVersion) {
  PutCommits(0, 3);
  for (const char* name : kNamed) Put(name);
  for (const char* name : kNamed) {
    Put("_last_checkpoint", R"({"version":3,"size":1,"v2Checkpoint":{"path":")" +
                                std::string(name) + R"(","sizeInBytes":99999999999999}})");
    EXPECT_THAT(log_.ListForSnapshot()->checkpoints.back().parts[0], ::testing::EndsWith(name));
  }
  for (const char* path :
       {"7", "\"elsewhere\"", "\"00000000000000000002.checkpoint.a.json\"", "{}"}) {
    Put("_last_checkpoint",
        R"({"version":3,"size":1,"v2Checkpoint":{"path":)" + std::string(path) + "}}");
    EXPECT_EQ(log_.ListForSnapshot()->checkpoints.size(), 2u) << path;
  }
}

TEST_F(LogTest, AHintThatIsTooLargeIsNotLookedAt) {
  PutCommits(0, 12);
  Put("00000000000000000010.checkpoint.parquet");
  Put("_last_checkpoint",
      R"({"version":10,"size":1,"x":")" + std::string(kMostHintBytes, 'x') + "\"}");
  const auto store = std::make_shared<testing::FaultyStore>(
      store_, [](int, std::string_view, const store::Key&) { return testing::Fault::kNone; });
  EXPECT_TRUE(Log(store).ListForSnapshot()->from_start);
  EXPECT_THAT(store->trace(), Not(Contains(HasSubstr("ReadAt"))));
}

TEST_F(LogTest, TheNewestCommitShowsWhetherALogWentOn) {
  EXPECT_FALSE(log_.FindNewest(Version{0}).value());
  PutCommits(0, 2);
  Put("_last_checkpoint", "{}");
  const auto newest = log_.FindNewest(Version{2}).value();
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->version, Version{2});
  EXPECT_EQ(newest->Mark(), log_.FindNewest(Version{0}).value()->Mark());
  EXPECT_FALSE(log_.FindNewest(Version{3}).value());
  PutCommits(2, 2);
  EXPECT_NE(newest->Mark(), log_.FindNewest(Version{2}).value()->Mark());
  PutCommits(3, 4);
  EXPECT_EQ(log_.FindNewest(Version{2}).value()->version, Version{4});
}

TEST_F(LogTest, ACommitThatIsTooLargeIsNotRead) {
  PutCommits(0, 0);
  EXPECT_THAT(log_.ReadCommitText(Version{0}, kMostCommitBytes), IsOk());
  const auto text = log_.ReadCommitText(Version{0}, kMostCommitBytes + 1);
  EXPECT_THAT(text, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(text, HasMessage("00000000000000000000.json"));
}

TEST_F(LogTest, CheckpointCountsOnlyWithAllItsParts) {
  PutCommits(0, 3);
  Put("00000000000000000001.checkpoint.0000000001.0000000002.parquet");
  Put("00000000000000000002.checkpoint.0000000001.0000000002.parquet");
  Put("00000000000000000002.checkpoint.0000000002.0000000002.parquet");
  Put("00000000000000000003.checkpoint.parquet");
  const auto listing = log_.List();
  ASSERT_THAT(listing, IsOk());
  ASSERT_EQ(listing->checkpoints.size(), 2u);
  EXPECT_EQ(listing->checkpoints[0].version, Version{2});
  EXPECT_EQ(listing->checkpoints[0].parts.size(), 2u);
  EXPECT_EQ(listing->checkpoints[1].version, Version{3});
}

TEST_F(LogTest, HintShortensTheListing) {
  PutCommits(0, 12);
  Put("00000000000000000010.checkpoint.parquet");
  Put("_last_checkpoint", R"({"version":10,"size":1})");
  const auto listing = log_.ListForSnapshot();
  ASSERT_THAT(listing, IsOk());
  EXPECT_THAT(Versions(*listing), ElementsAre(10, 11, 12));
  EXPECT_FALSE(listing->from_start);
  EXPECT_TRUE(log_.ListForSnapshot(Version{9})->from_start);
}

TEST_F(LogTest, WrongHintChangesNothing) {
  PutCommits(0, 3);
  for (const char* hint :
       {"", "{", "[]", "{\"version\":\"x\"}", "{\"version\":-1}", "{\"version\":2}",
        "{\"version\":99}", "{\"version\":99999999999999999999999}", "{\"size\":1}"}) {
    Put("_last_checkpoint", hint);
    const auto listing = log_.ListForSnapshot();
    ASSERT_THAT(listing, IsOk());
    EXPECT_THAT(Versions(*listing), ElementsAre(0, 1, 2, 3)) << hint;
  }
}

TEST_F(LogTest, ReadingWhatIsNotThereSaysWhy) {
  EXPECT_THAT(log_.ReadCommit(Version{0}), IsError(ErrorKind::kNotFound));
  PutCommits(5, 6);
  PutCommits(8, 8);
  EXPECT_THAT(log_.ReadCommit(Version{6}), IsOk());
  EXPECT_THAT(log_.ReadCommit(Version{9}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(log_.ReadCommit(Version{7}), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(log_.ReadCommit(Version{4}), IsError(ErrorKind::kSourceGone));
}

TEST_F(LogTest, HolesAreCorruptAndNamed) {
  PutCommits(0, 2);
  PutCommits(4, 5);
  PutCommits(9, 10);
  const auto listing = log_.List().value();
  EXPECT_THAT(Log::RequireContiguous(listing, Version{0}, Version{2}, "t"), IsOk());
  EXPECT_THAT(Log::RequireContiguous(listing, Version{4}, Version{5}, "t"), IsOk());
  const auto status = Log::RequireContiguous(listing, Version{1}, Version{10}, "/lake/t");
  EXPECT_THAT(status, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(status, HasMessage("/lake/t"));
  EXPECT_THAT(status, HasMessage("version 3, 6 to 8"));
}

TEST_F(LogTest, HoleAtTheVeryBeginningOfARangeIsNoCleanUp) {
  PutCommits(0, 3);
  PutCommits(5, 6);
  const auto listing = log_.List(Version{4}).value();
  EXPECT_THAT(Log::RequireContiguous(listing, Version{4}, Version{6}, "t"),
              IsError(ErrorKind::kCorrupt));
}

TEST_F(LogTest, CleanedUpBeginningIsGoneAndTheFirstThereIsNamed) {
  PutCommits(7, 9);
  const auto status = Log::RequireContiguous(log_.List().value(), Version{3}, Version{9}, "t");
  EXPECT_THAT(status, IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(status, HasMessage("first one there is 7"));
}

TEST_F(LogTest, BeyondTheLatestIsNotFound) {
  PutCommits(0, 1);
  const auto status = Log::RequireContiguous(log_.List().value(), Version{1}, Version{2}, "t");
  EXPECT_THAT(status, IsError(ErrorKind::kNotFound));
  EXPECT_THAT(status, HasMessage("latest is 1"));
}

TEST_F(LogTest, ListingFromAVersionHasAllFromThere) {
  PutCommits(0, 20);
  const auto listing = log_.List(Version{15});
  ASSERT_THAT(listing, IsOk());
  EXPECT_THAT(Log::RequireContiguous(*listing, Version{15}, Version{20}, "t"), IsOk());
  EXPECT_LE(listing->commits.size(), 7u);
}

TEST_F(LogTest, FolderWithoutALogIsNoTable) {
  ASSERT_THAT(store_->Put("data.parquet", "x"), IsOk());
  const auto listing = log_.List();
  ASSERT_THAT(listing, IsOk());
  EXPECT_EQ(listing->latest().value, -1);
}

}  // namespace
}  // namespace sluice::delta
