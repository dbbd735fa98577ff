#include <gmock/gmock.h>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "sluice/delta/log/log.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/ratified_log.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

/// A log of which a catalog says what holds.
class ManagedLogTest : public ::testing::Test {
 protected:
  static std::string FileOf(int64_t version) {
    return fmt::format("{:020}.016ae953-37a9-438e-8683-9a9a4a79a395.json", version);
  }
  void Put(const store::Key& key, const std::string& text) {
    ASSERT_THAT(store_->Put(key, text), IsOk());
  }
  void Publish(int64_t version, const std::string& by = "log") {
    Put(CommitKey(Version{version}), TextOf(version, by));
  }
  void Stage(int64_t version) { Put(StagedCommitKey(FileOf(version)), TextOf(version, "catalog")); }
  /// What the catalog names, and where it lies.
  void Name(int64_t version) {
    const auto size = static_cast<int64_t>(TextOf(version, "catalog").size());
    staged_.commits.push_back(
        {Version{version}, FileOf(version), size, Timestamp{version}, Timestamp{version}, {}});
    staged_.latest = Version{version};
  }
  void Inline(int64_t version) {
    Name(version);
    staged_.commits.back().text = TextOf(version, "inline");
  }
  static std::string TextOf(int64_t version, const std::string& by) {
    return fmt::format(R"({{"txn":{{"appId":"{}","version":{}}}}})", by, version);
  }
  /// Who wrote the commit that is read.
  std::string AuthorOf(int64_t version) {
    const auto commit = OpenLog().ReadCommit(Version{version});
    EXPECT_THAT(commit, IsOk());
    return commit ? commit->transactions.at(0).app_id : "";
  }
  Log OpenLog() const { return {store_, staged_}; }
  static std::vector<int64_t> Versions(const Result<LogListing>& listing) {
    EXPECT_THAT(listing, IsOk());
    std::vector<int64_t> versions;
    if (listing) {
      for (const CommitFile& commit : listing->commits) versions.push_back(commit.version.value);
    }
    return versions;
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  StagedCommits staged_{Version{0}, {}};
};

TEST_F(ManagedLogTest, TheCatalogsCommitsStandOverPublishedOnes) {
  for (int64_t v = 0; v <= 2; ++v) Publish(v);
  for (int64_t v = 2; v <= 3; ++v) {
    Stage(v);
    Name(v);
  }
  Inline(4);
  EXPECT_THAT(Versions(OpenLog().List()), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(Versions(OpenLog().List(Version{3})), ElementsAre(2, 3, 4));
  EXPECT_EQ(AuthorOf(1), "log");
  EXPECT_EQ(AuthorOf(2), "catalog");
  EXPECT_EQ(AuthorOf(3), "catalog");
  EXPECT_EQ(AuthorOf(4), "inline");
}

TEST_F(ManagedLogTest, AStagedFileThatWasPublishedMeanwhileIsReadThere) {
  Publish(0);
  Name(0);
  EXPECT_EQ(AuthorOf(0), "log");
}

TEST_F(ManagedLogTest, ACommitThatIsNowhereIsNamed) {
  Publish(0);
  Name(1);
  const auto commit = OpenLog().ReadCommit(Version{1});
  EXPECT_THAT(commit, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(commit, HasMessage(FileOf(1)));
  EXPECT_THAT(commit, HasMessage("00000000000000000001.json"));
}

TEST_F(ManagedLogTest, NothingBeyondTheCatalogsLatestExists) {
  for (int64_t v = 0; v <= 5; ++v) Publish(v);
  Put("_delta_log/00000000000000000003.checkpoint.parquet", "x");
  Put("_delta_log/00000000000000000005.checkpoint.parquet", "x");
  Put("_delta_log/00000000000000000001.00000000000000000003.compacted.json", "x");
  Put("_delta_log/00000000000000000001.00000000000000000005.compacted.json", "x");
  Put("_delta_log/_last_checkpoint", R"({"version":5,"size":1})");
  staged_.latest = Version{3};
  const auto listing = OpenLog().ListForSnapshot();
  EXPECT_THAT(Versions(listing), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(listing->checkpoints.size(), 1u);
  EXPECT_EQ(listing->compacted.size(), 1u);
  EXPECT_TRUE(listing->from_start) << "the hint is of a version that does not exist";
  EXPECT_THAT(OpenLog().ReadCommit(Version{4}), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(OpenLog().ReadCommit(Version{4}), HasMessage("latest is 3"));
  EXPECT_EQ(OpenLog().FindNewest(Version{0}).value()->version, Version{3});
  EXPECT_FALSE(OpenLog().FindNewest(Version{4}).value());
  EXPECT_THAT(Versions(OpenLog().List(Version{5})), IsEmpty());
}

TEST_F(ManagedLogTest, ACatalogAheadOfItsLogIsAnError) {
  Publish(0);
  staged_.latest = Version{2};
  for (const auto& listing : {OpenLog().List(), OpenLog().ListForSnapshot()}) {
    EXPECT_THAT(listing, IsError(ErrorKind::kCorrupt));
    EXPECT_THAT(listing, HasMessage("version 2 is the latest"));
    EXPECT_THAT(listing, HasMessage("end at version 0"));
  }
  EXPECT_THAT(OpenLog().FindNewest(Version{0}), IsError(ErrorKind::kCorrupt));
  staged_ = {Version{2}, {}};
  EXPECT_THAT(Log(testing::MakeMemoryStore(), staged_).List(), HasMessage("neither it nor"));
}

TEST_F(ManagedLogTest, AHoleBelowTheCatalogsCommitsIsAHole) {
  Publish(0);
  Stage(3);
  Name(3);
  const auto commits = OpenLog().ReadCommits(Version{-1}, Version{3});
  EXPECT_THAT(commits, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(commits, HasMessage("version 1 to 2"));
}

TEST_F(ManagedLogTest, StagedThenPublishedIsTheSameCommit) {
  Publish(0);
  Stage(1);
  Name(1);
  const auto staged = OpenLog().FindNewest(Version{1}).value();
  const auto text = OpenLog().FindCommitFile(Version{1}).value();
  Publish(1, "catalog");
  const auto both = OpenLog().FindNewest(Version{1}).value();
  staged_ = {Version{1}, {}};
  ASSERT_THAT(store_->Delete(StagedCommitKey(FileOf(1))), IsOk());
  const auto published = OpenLog().FindNewest(Version{1}).value();
  EXPECT_EQ(staged->Mark(), both->Mark());
  EXPECT_EQ(staged->Mark(), published->Mark());
  EXPECT_EQ(text, OpenLog().FindCommitFile(Version{1}).value());
  EXPECT_NE(published->Mark(), Log(store_).FindNewest(Version{1}).value()->Mark());
}

TEST_F(ManagedLogTest, WhatCameWithoutAFileIsComparedWithNothing) {
  Publish(0);
  Inline(1);
  EXPECT_FALSE(OpenLog().FindCommitFile(Version{1}).value());
  EXPECT_TRUE(OpenLog().FindCommitFile(Version{0}).value());
  EXPECT_FALSE(OpenLog().FindCommitFile(Version{7}).value());
}

TEST_F(ManagedLogTest, TheNewestCommitThatTheCatalogNamesNeedsNoRequest) {
  Publish(0);
  Stage(1);
  Name(1);
  const auto store = std::make_shared<testing::FaultyStore>(
      store_, [](int, std::string_view, const store::Key&) { return testing::Fault::kNone; });
  EXPECT_EQ(Log(store, staged_).FindNewest(Version{0}).value()->version, Version{1});
  EXPECT_THAT(store->trace(), IsEmpty());
}

TEST_F(ManagedLogTest, ErrorsNameTheFileThatIsRead) {
  Publish(0);
  Put(StagedCommitKey(FileOf(1)), "{");
  Name(1);
  EXPECT_THAT(OpenLog().ReadCommit(Version{1}), HasMessage("_staged_commits/" + FileOf(1)));
  Inline(2);
  staged_.commits.back().text = "{";
  EXPECT_THAT(OpenLog().ReadCommit(Version{2}), HasMessage("2.json (sent by the catalog)"));
}

TEST_F(ManagedLogTest, WhatACatalogCannotMeanIsRefused) {
  Name(1);
  Name(2);
  EXPECT_THAT(RequireSound(staged_, "/lake/t"), IsOk());
  const std::string good = staged_.commits[1].file_name;
  for (const std::string& bad :
       {std::string("../../secrets/") + good, FileOf(3), std::string("00000000000000000002.json"),
        std::string("2.uuid.json"), good + ".tmp", std::string()}) {
    staged_.commits[1].file_name = bad;
    const Status sound = RequireSound(staged_, "/lake/t");
    EXPECT_THAT(sound, IsError(ErrorKind::kCorrupt)) << bad;
    EXPECT_THAT(sound, HasMessage("/lake/t"));
  }
  staged_.commits[1] = staged_.commits[0];
  EXPECT_THAT(RequireSound(staged_, "t"), HasMessage("version 1"));
  EXPECT_THAT(RequireSound({Version{-1}, {}}, "t"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::delta
