#include "sluice/delta/log/commit_stream.h"

#include "sluice/delta/feed/feed_log_fixture.h"
#include "sluice/testing/faulty_store.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

class CommitStreamTest : public FeedLogFixture {
 protected:
  Result<std::vector<int64_t>> Visited(std::vector<CommitFile> files, int64_t until = -1) {
    std::vector<int64_t> versions;
    SLUICE_RETURN_IF_ERROR(
        VisitCommits(log_, files, ReadTableActions, [&](delta::Commit commit) -> Result<bool> {
          versions.push_back(commit.version.value);
          return commit.version.value != until;
        }));
    return versions;
  }
};

TEST_F(CommitStreamTest, CommitsComeInTheOrderAskedFor) {
  Append(0, 99);
  std::vector<CommitFile> files = log_.List()->commits;
  std::reverse(files.begin(), files.end());
  const auto visited = Visited(files);
  ASSERT_THAT(visited, IsOk());
  ASSERT_EQ(visited->size(), 100u);
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(visited->at(static_cast<size_t>(i)), 99 - i);
}

TEST_F(CommitStreamTest, VisitingEndsWhenToldTo) {
  Append(0, 50);
  EXPECT_THAT(Visited(log_.List()->commits, 2).value(), ElementsAre(0, 1, 2));
}

TEST_F(CommitStreamTest, ACommitThatVanishedIsAnError) {
  Append(0, 5);
  const auto files = log_.List()->commits;
  Lose(3);
  EXPECT_THAT(Visited(files), IsError(ErrorKind::kCorrupt));
}

TEST_F(CommitStreamTest, FewCommitsAreReadAheadHoweverManyThereAre) {
  Append(0, 400);
  const auto files = log_.List()->commits;
  const auto counted = std::make_shared<testing::FaultyStore>(
      store_, [](int, std::string_view, const store::Key&) { return testing::Fault::kNone; });
  int visited = 0;
  const auto visit = [&](const delta::Commit&) -> Result<bool> {
    EXPECT_LE(counted->calls() - visited++, 32);
    return true;
  };
  EXPECT_THAT(VisitCommits(Log(counted), files, ReadFileActions, visit), IsOk());
  EXPECT_EQ(visited, 401);
}

TEST_F(CommitStreamTest, ACommitThatCannotBeReadIsNeverPassedOver) {
  Append(0, 40);
  const auto files = log_.List()->commits;
  for (int broken = 1; broken <= 41; ++broken) {
    const auto faulty = std::make_shared<testing::FaultyStore>(
        store_, [broken](int call, std::string_view, const store::Key&) {
          return call == broken ? testing::Fault::kFailBefore : testing::Fault::kNone;
        });
    const auto visit = [](const delta::Commit&) -> Result<bool> { return true; };
    EXPECT_THAT(VisitCommits(Log(faulty), files, ReadFileActions, visit),
                IsError(ErrorKind::kTransient));
  }
}

TEST(ReadTableActions, OtherActionsAreNotEvenParsed) {
  const std::string text = Add("a") + "{\"add\": torn\n" + TableIs(true) + ProtocolIs();
  const auto commit = ReadTableActions(Version{7}, text, "7.json");
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(commit->version, Version{7});
  EXPECT_TRUE(commit->metadata && commit->protocol && commit->adds.empty());
}

TEST(ReadTableActions, ErrorsCountLinesAsTheFileDoes) {
  const auto commit = ReadTableActions(Version{7}, Add("a") + "\n{\"metaData\":7}\n", "7.json");
  EXPECT_THAT(commit, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(commit, HasMessage("7.json, line 3"));
}

TEST(ReadTableActions, ATornCommitIsCorrupt) {
  EXPECT_THAT(ReadTableActions(Version{7}, "\n \n", "7.json"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadTableActions(Version{7}, "", "7.json"), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::delta
