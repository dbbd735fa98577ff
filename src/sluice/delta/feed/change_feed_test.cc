#include "sluice/delta/feed/change_feed.h"

#include "sluice/delta/feed/feed_log_fixture.h"
#include "sluice/delta/log/commit_parser.h"

namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using ::testing::UnorderedElementsAre;

std::string Mask(const std::optional<DeletionVectorDescriptor>& vector) {
  return vector ? vector->path_or_inline_dv : "-";
}

// "insert f", "delete f only v2 hidden v1", "in file _change_data/c"
std::string Describe(const ChangeFile& file) {
  std::string text = file.kind == ChangeKind::kInsert   ? "insert "
                     : file.kind == ChangeKind::kDelete ? "delete "
                                                        : "in file ";
  text += file.path;
  if (file.rows.only) text += " only " + Mask(file.rows.only);
  if (file.rows.hidden) text += " hidden " + Mask(file.rows.hidden);
  return text;
}

std::vector<std::string> Describe(const std::vector<ChangeFile>& files) {
  std::vector<std::string> texts;
  for (const ChangeFile& file : files) texts.push_back(Describe(file));
  return texts;
}

std::vector<std::string> Changes(const std::string& actions) {
  auto commit = ParseCommit(Version{3}, actions, "3.json");
  EXPECT_THAT(commit, IsOk());
  auto files = ChangesOf(*std::move(commit), "/lake/t/");
  EXPECT_THAT(files, IsOk());
  return Describe(files.value_or(std::vector<ChangeFile>()));
}

std::string Merge(const std::string& inserted, const std::string& updated,
                  const std::string& deleted) {
  const auto metric = [](const std::string& name, const std::string& value) {
    return value.empty() ? "" : ",\"numTargetRows" + name + "\":\"" + value + "\"";
  };
  return R"({"commitInfo":{"operation":"MERGE","operationMetrics":{"numOutputRows":"9")" +
         metric("Inserted", inserted) + metric("Updated", updated) + metric("Deleted", deleted) +
         "}}}\n";
}

TEST(ChangesOf, ChangeDataFilesStandForTheWholeCommit) {
  EXPECT_THAT(Changes(Remove("a") + Add("b") + Cdc("c") + Cdc("d")),
              UnorderedElementsAre("in file _change_data/c", "in file _change_data/d"));
}

TEST(ChangesOf, OneFileInTwoSpellingsIsADifferenceOfItsVectors) {
  EXPECT_THAT(Changes(Remove("%c3%a9") + Add("é")), UnorderedElementsAre());
  EXPECT_THAT(Changes(Remove("file:/lake/t/a") + Add("./a")), UnorderedElementsAre());
}

TEST(ChangesOf, AnOverwriteDeletesAllAndInsertsAll) {
  EXPECT_THAT(Changes(Remove("a") + Remove("b", Vector("v")) + Add("c")),
              UnorderedElementsAre("delete a", "delete b hidden v", "insert c"));
}

TEST(ChangesOf, FilesThatWereOnlyRearrangedAreNoChange) {
  EXPECT_THAT(Changes(R"({"remove":{"path":"a","dataChange":false}})"
                      "\n"
                      R"({"add":{"path":"b","partitionValues":{},"size":1,"dataChange":false}})"),
              IsEmpty());
}

TEST(ChangesOf, AMaskThatGrowsDeletesAndOneThatShrinksBringsBack) {
  EXPECT_THAT(Changes(Remove("a") + Add("a", Vector("v1"))), ElementsAre("delete a only v1"));
  EXPECT_THAT(Changes(Remove("a", Vector("v1")) + Add("a")), ElementsAre("insert a only v1"));
  EXPECT_THAT(Changes(Remove("a", Vector("v1")) + Add("a", Vector("v2"))),
              UnorderedElementsAre("delete a only v2 hidden v1", "insert a only v1 hidden v2"));
}

TEST(ChangesOf, AFileThatCameBackAsItWasIsNoChange) {
  EXPECT_THAT(Changes(Remove("a") + Add("a")), IsEmpty());
  EXPECT_THAT(Changes(Remove("a", Vector("v")) + Add("a", Vector("v"))), IsEmpty());
}

TEST(ChangesOf, AMergeThatReportsNoChangedRowGivesNothing) {
  const std::string kRewrite = Remove("a") + Add("b");
  EXPECT_THAT(Changes(Merge("0", "0", "0") + kRewrite), IsEmpty());
  EXPECT_THAT(Changes(Merge("0", "1", "0") + kRewrite),
              UnorderedElementsAre("delete a", "insert b"));
  EXPECT_THAT(Changes(Merge("0", "0", "") + kRewrite),
              UnorderedElementsAre("delete a", "insert b"));
  EXPECT_THAT(Changes(Merge("0", "0", "0") + Cdc("c")), ElementsAre("in file _change_data/c"));
}

TEST(ChangesOf, ARemovedFileWithoutItsPartitionValuesIsRefused) {
  const auto commit = ParseCommit(Version{3}, R"({"remove":{"path":"a","dataChange":true}})", "");
  const auto files = ChangesOf(*commit, "/lake/t/");
  EXPECT_THAT(files, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(files, HasMessage("version 3"));
}

using VisitChangesTest = FeedLogFixture;

TEST_F(VisitChangesTest, EveryVersionOfTheRangeIsVisitedOnce) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 70);
  Commit(71, R"({"commitInfo":{"operation":"OPTIMIZE","inCommitTimestamp":123}})");
  const auto range = Survey(69, 71);
  ASSERT_THAT(range, IsOk());
  std::vector<std::string> seen;
  ASSERT_THAT(VisitChanges(log_, *range,
                           [&](CommitChanges changes) -> Status {
                             seen.push_back(std::to_string(changes.version.value));
                             for (const auto& file : changes.files) seen.push_back(Describe(file));
                             if (changes.version.value == 71) {
                               EXPECT_EQ(changes.committed.micros, 123'000);
                             }
                             return {};
                           }),
              IsOk());
  EXPECT_THAT(seen, ElementsAre("69", "insert f69", "70", "insert f70", "71"));
}

TEST_F(VisitChangesTest, AnErrorOfTheVisitorEndsIt) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 9);
  int visited = 0;
  const auto stop = [&](const CommitChanges&) -> Status {
    return ++visited == 2 ? Status(Fail(ErrorKind::kStorage, "full")) : Status();
  };
  EXPECT_THAT(VisitChanges(log_, *Survey(0, 9), stop), IsError(ErrorKind::kStorage));
  EXPECT_EQ(visited, 2);
}

TEST_F(VisitChangesTest, ACommitLostAfterTheSurveyIsAnError) {
  Commit(0, ProtocolIs() + TableIs(true));
  Append(1, 9);
  const auto range = Survey(2, 9);
  ASSERT_THAT(range, IsOk());
  Lose(5);
  EXPECT_THAT(VisitChanges(log_, *range, [](const CommitChanges&) { return Status(); }),
              IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace sluice::delta
