#include "sluice/catalog/commit_list.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::catalog {
namespace {

using testing::HasMessage;
using testing::IsError;

std::string FileOf(int64_t version) {
  return fmt::format("{:020}.0a0a0a0a-0000-4000-8000-000000000003.json", version);
}
Json Commit(int64_t version, const std::string& file) {
  return {{"version", version},
          {"timestamp", 1'795'836'953'000},
          {"file-name", file},
          {"file-size", 903},
          {"file-modification-timestamp", 1'795'836'953'001}};
}
Result<delta::StagedCommits> Chain(const std::vector<int64_t>& versions, int64_t latest) {
  Json list = Json::array();
  for (const int64_t version : versions) list.push_back(Commit(version, FileOf(version)));
  auto commits = ReadCommits(&list, kDashedKeys);
  if (!commits) return Fail(commits.error());
  return ChainCommits(std::move(*commits), Version{latest});
}
Result<std::vector<delta::StagedCommit>> ReadWith(const char* member, Json value) {
  Json commit = Commit(3, FileOf(3));
  commit[member] = std::move(value);
  const Json list = Json::array({commit});
  return ReadCommits(&list, kDashedKeys);
}

TEST(CommitListTest, NewestFirstBecomesAscending) {
  const auto chain = Chain({3, 2, 1}, 3);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->latest, Version{3});
  ASSERT_EQ(chain->commits.size(), 3U);
  EXPECT_EQ(chain->commits[0].version, Version{1});
  EXPECT_EQ(chain->commits[2].file_name, FileOf(3));
  EXPECT_EQ(chain->commits[2].size, 903);
  EXPECT_EQ(chain->commits[2].committed, Timestamp{1'795'836'953'000'000});
  EXPECT_EQ(chain->commits[2].modified, Timestamp{1'795'836'953'001'000});
}

TEST(CommitListTest, WithoutCommitsAllArePublished) {
  const auto chain = Chain({}, 41);
  ASSERT_TRUE(chain);
  EXPECT_EQ(chain->latest, Version{41});
  EXPECT_TRUE(chain->commits.empty());
}

TEST(CommitListTest, ContradictionsAreRefused) {
  EXPECT_THAT(Chain({1, 3}, 3), HasMessage("a hole: 3 comes after 1"));
  EXPECT_THAT(Chain({1, 2, 2}, 2), HasMessage("commit 2 twice"));
  EXPECT_THAT(Chain({1, 2}, 3), HasMessage("ends with 2, and it calls 3 the latest"));
  EXPECT_THAT(Chain({1, 2}, 1), IsError(ErrorKind::kCorrupt));
}

TEST(CommitListTest, FileNameMustNotLeadElsewhere) {
  const std::string uuid = "0a0a0a0a-0000-4000-8000-000000000003";
  for (const std::string& file : std::initializer_list<std::string>{
           std::string(), FileOf(4), "../" + FileOf(3), "a/" + FileOf(3), FileOf(3) + "/",
           "00000000000000000003." + uuid + ".json.crc", "00000000000000000003.json",
           "3." + uuid + ".json", "00000000000000000003." + std::string(36, '.') + ".json",
           "00000000000000000003.0a0a0a0a/../../4000-8000-00000000003.json",
           "00000000000000000003." + std::string(36, 'a') + ".json"}) {
    EXPECT_THAT(ReadWith("file-name", file), HasMessage("not the name of a staged commit")) << file;
  }
  EXPECT_THAT(ReadWith("file-name", 7), IsError(ErrorKind::kCorrupt));
}

TEST(CommitListTest, ImpossibleNumbersAreRefused) {
  for (const Json& value : {Json(), Json("3"), Json(-1), Json(1.5), Json(18446744073709551615U)}) {
    for (const char* member :
         {"version", "timestamp", "file-size", "file-modification-timestamp"}) {
      EXPECT_THAT(ReadWith(member, value), IsError(ErrorKind::kCorrupt)) << member << value;
    }
  }
  EXPECT_THAT(ReadWith("timestamp", int64_t{9'223'372'036'854'775'807}), HasMessage("impossible"));
}

TEST(CommitListTest, WhatIsNotAListIsCorrupt) {
  const Json object = Json::object();
  const Json numbers = Json::array({1, 2});
  EXPECT_THAT(ReadCommits(&object, kDashedKeys), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadCommits(&numbers, kDashedKeys), IsError(ErrorKind::kCorrupt));
  EXPECT_TRUE(ReadCommits(nullptr, kDashedKeys));
}

}  // namespace
}  // namespace sluice::catalog
