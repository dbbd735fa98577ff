#include <gmock/gmock.h>

#include <map>

#include "sluice/config/config_parser.h"
#include "sluice/config/schedule.h"
#include "sluice/testing/matchers.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsOk;

class IdleKeysTest : public ::testing::Test {
 protected:
  Reading Read(const std::string& text) {
    return ReadConfig(text, "/etc/sluice.yaml", [](const std::string&) { return std::nullopt; });
  }
  Reading ReadFeed(const std::string& keys, const std::string& sections = "") {
    return Read("destination: {url: /out}\n" + sections +
                "tables:\n- {table: crm.users, path: /users, pattern: cdc" + keys + "}\n");
  }
  std::vector<std::string> IdleIn(const Reading& reading) {
    EXPECT_THAT(reading.mistakes, IsEmpty());
    std::vector<std::string> keys;
    for (const auto& idle : reading.config.idle_keys) keys.push_back(idle.key);
    return keys;
  }
};

TEST_F(IdleKeysTest, SectionsWithoutAFeatureAreNamed) {
  EXPECT_THAT(IdleIn(ReadFeed("",
                              "notify: {slack: {webhook_env: HOOK}}\n"
                              "catalog: {url: \"https://host\"}\n"
                              "serve: {listen: \"127.0.0.1:80\"}\n"
                              "partner: {external_id: x}\n")),
              ElementsAre("notify", "serve"));
  EXPECT_THAT(IdleIn(ReadFeed("")), IsEmpty());
}

TEST_F(IdleKeysTest, TableKeysAreNamedWithTheirTableAndLine) {
  const Reading reading = ReadFeed(", schedule: daily, images: after, copy: auto");
  EXPECT_THAT(IdleIn(reading), ElementsAre("schedule", "images", "copy"));
  EXPECT_EQ(reading.config.idle_keys[0].table, "users");
  EXPECT_EQ(reading.config.idle_keys[0].at.line, 3);
}

TEST_F(IdleKeysTest, DefaultsAreNamedOnce) {
  EXPECT_THAT(IdleIn(ReadFeed("", "defaults: {schedule: daily, partition_markers: _SUCCESS}\n")),
              ElementsAre("defaults.schedule", "defaults.partition_markers"));
}

TEST_F(IdleKeysTest, ValueThatAsksForWhatIsDoneAnywayIsNotIdle) {
  EXPECT_THAT(IdleIn(ReadFeed(", images: both, changes: feed, schema_mode: latest, copy: never, "
                              "partition_markers: none, freshness: 3h")),
              IsEmpty());
}

TEST_F(IdleKeysTest, KeysOfComingFeaturesAreTyped) {
  const std::map<std::string, std::string> wrong{{"images", "use both, after"},
                                                 {"changes", "use auto, feed, rows"},
                                                 {"schema_mode", "use latest, commit"},
                                                 {"partition_markers", "use none, _SUCCESS"},
                                                 {"freshness", "must be a duration like"}};
  for (const auto& [key, message] : wrong) {
    const Reading reading = ReadFeed(", " + key + ": nonsense");
    ASSERT_EQ(reading.mistakes.size(), 1u) << key;
    EXPECT_THAT(reading.mistakes[0].message, ::testing::HasSubstr(message));
    EXPECT_EQ(reading.mistakes[0].key, key);
    EXPECT_EQ(reading.mistakes[0].line, 3);
  }
}

TEST_F(IdleKeysTest, KeysOfAFeedApplyToNoOtherPattern) {
  const Reading reading = Read(
      "destination: {url: /out}\ntables:\n"
      "- {table: a, path: /a, pattern: snapshot, images: after, partition_markers: none}\n");
  EXPECT_EQ(reading.mistakes.size(), 2u);
}

TEST_F(IdleKeysTest, FreshnessIsThreeTimesTheCadenceUnlessSet) {
  Table table;
  EXPECT_EQ(FreshnessOf(table), Hours(3));
  table.schedule = "daily";
  EXPECT_EQ(FreshnessOf(table), Days(3));
  table.schedule = "0 9 * * mon-fri";
  EXPECT_EQ(FreshnessOf(table), Days(9)) << "from Friday to Monday";
  table.freshness = Minutes(30);
  EXPECT_EQ(FreshnessOf(table), Minutes(30));
}

}  // namespace
}  // namespace sluice::config
