#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sluice/config/config_parser.h"
#include "sluice/testing/matchers.h"

namespace sluice::config {
namespace {

using sluice::testing::HasMessage;
using sluice::testing::IsOk;

std::string Entry(const std::string& name, const std::string& pattern) {
  std::string text = "  - {table: main." + name + ", path: lake/" + name + ", pattern: " + pattern;
  if (pattern == "append") text += ", watermark: at, start: 2026-01-01";
  return text + "}\n";
}

/// Two entries, on lines 3 and 4.
Result<Config> ParseBoth(const std::string& first, const std::string& second) {
  return ParseConfig("destination: {url: out}\ntables:\n" + first + second, "sluice.yaml",
                     ProcessEnvironment());
}

TEST(SharedFoldersTest, SnapshotNamedLikeAFeedsFolderIsRefusedOnItsLine) {
  const auto config = ParseBoth(Entry("users", "cdc"), Entry("users_cdc", "snapshot"));
  EXPECT_THAT(config, HasMessage("sluice.yaml:4:"));
  EXPECT_THAT(config, HasMessage("'users_cdc' would write to users_cdc/"));
  EXPECT_THAT(config, HasMessage("another `name` (the other entry is on line 3)"));
}

TEST(SharedFoldersTest, SeedsOfAFeedCountAsItsFolder) {
  EXPECT_THAT(ParseBoth(Entry("users", "cdc"), Entry("users_cdc", "cdc")),
              HasMessage("'users_cdc' would write to users_cdc/"));
  EXPECT_THAT(ParseBoth(Entry("events_incremental", "cdc"), Entry("events", "append")),
              HasMessage("'events' would write to events_incremental/"));
}

TEST(SharedFoldersTest, FoldersThatDifferInCaseOnlyAreOne) {
  EXPECT_THAT(ParseBoth(Entry("users", "cdc"), Entry("Users_CDC", "snapshot")),
              HasMessage("'Users_CDC' would write to Users_CDC/"));
}

TEST(SharedFoldersTest, FoldersOfTheirOwnAreFine) {
  EXPECT_THAT(ParseBoth(Entry("users", "cdc"), Entry("events", "append")), IsOk());
  EXPECT_THAT(ParseBoth(Entry("users", "append"), Entry("users_cdc", "snapshot")), IsOk());
}

}  // namespace
}  // namespace sluice::config
