#include "sluice/cli/config_text.h"

#include <gmock/gmock.h>

#include "sluice/base/time_zone.h"
#include "sluice/config/config_parser.h"

namespace sluice::cli {
namespace {

using testing::EndsWith;
using testing::StartsWith;

TableEntry Entry(config::Pattern pattern, std::string table, std::string path) {
  TableEntry entry;
  entry.table = std::move(table);
  entry.path = std::move(path);
  entry.suggestion.pattern = pattern;
  if (pattern == config::Pattern::kAppend) entry.suggestion.watermark = "event time";
  entry.suggestion.reason = "a reason";
  return entry;
}

TableEntry Users() { return Entry(config::Pattern::kCdc, "main.crm.users", "lake/users"); }

config::Config Parse(const std::string& text) {
  auto parsed = config::ParseConfig(
      text, "/etc/sluice.yaml", [](const std::string&) { return std::optional<std::string>(); });
  if (parsed) return *std::move(parsed);
  ADD_FAILURE() << parsed.error().message << "\n" << text;
  return {};
}

TEST(ConfigTextTest, AConfigWithoutTablesParsesByItsExample) {
  const auto parsed = Parse(FormatConfig("s3://bucket/prefix", {}, {}));
  EXPECT_EQ(parsed.destination.url, "s3://bucket/prefix");
  EXPECT_EQ(parsed.tables.size(), 1);
}

TEST(ConfigTextTest, EveryPatternsEntryParses) {
  TableEntry known = Entry(config::Pattern::kAppend, "a.b.clicks", "lake/clicks");
  known.suggestion.before_first = Timestamp{0};
  const auto parsed = Parse(
      FormatConfig("export", {},
                   {Entry(config::Pattern::kAppend, "a.b.events", "lake/events"), known, Users(),
                    Entry(config::Pattern::kSnapshot, "a.b.countries", "lake/countries")}));
  ASSERT_EQ(parsed.tables.size(), 4);
  EXPECT_EQ(parsed.tables[0].watermark(), "event time");
  EXPECT_EQ(std::get<config::StartTime>(parsed.tables[1].append().start).at, Timestamp{0});
  EXPECT_EQ(parsed.tables[2].pattern(), config::Pattern::kCdc);
  EXPECT_EQ(parsed.tables[3].path, "lake/countries");
}

TEST(ConfigTextTest, SettingsOfTheEnvironmentGoWhereTheBucketIs) {
  const StoreSettings settings{"eu-west-1", "http://127.0.0.1:9000"};
  const auto to_bucket = Parse(FormatConfig("s3://bucket/prefix", settings, {Users()}));
  EXPECT_EQ(to_bucket.destination.options.region, "eu-west-1");
  EXPECT_EQ(to_bucket.destination.options.endpoint, "http://127.0.0.1:9000");
  EXPECT_FALSE(to_bucket.source);
  TableEntry users = Users();
  users.path = "s3://lake/users";
  const auto from_bucket = Parse(FormatConfig("export", settings, {users}));
  EXPECT_FALSE(from_bucket.destination.options.region);
  EXPECT_EQ(from_bucket.source->endpoint, "http://127.0.0.1:9000");
  EXPECT_FALSE(Parse(FormatConfig("export", settings, {Users()})).source);
}

TEST(ConfigTextTest, SnapshotsAreAddedOnlyWhenTheSourceChanged) {
  const auto parsed =
      Parse(FormatConfig("export", {}, {Entry(config::Pattern::kSnapshot, "a.b.c", "lake/c")}));
  EXPECT_TRUE(parsed.tables.at(0).snapshot().skip_unchanged);
  EXPECT_TRUE(parsed.idle_keys.empty()) << "what init writes has an effect";
}

TEST(ConfigTextTest, OddNamesComeBackAsTheyAre) {
  for (const std::string path :
       {"a b/c: d", "#1", "true", "007", "it's \"so\"", "tab\there", "- x", "größe"}) {
    const auto parsed =
        Parse(FormatConfig("out", {}, {Entry(config::Pattern::kSnapshot, "a.b.c", path)}));
    ASSERT_EQ(parsed.tables.size(), 1);
    EXPECT_EQ(parsed.tables[0].path, path);
  }
}

TEST(ConfigTextTest, AnAddedEntryLeavesEveryOtherLineAsItWas) {
  const std::string before =
      "destination: {url: out}  # here\n"
      "tables:\n"
      "- table: a.b.events   # first\n"
      "  path: lake/events\n"
      "  pattern: snapshot\n"
      "  # about the end\n"
      "\n"
      "# limits of this machine\n"
      "limits: {memory: 512MiB}\n";
  const auto after = AddEntry(before, Users());
  ASSERT_TRUE(after) << after.error().message;
  const size_t at = before.find("  # about the end");
  EXPECT_THAT(*after, StartsWith(before.substr(0, at)));
  EXPECT_THAT(*after, EndsWith(before.substr(at)));
  const auto parsed = Parse(*after);
  ASSERT_EQ(parsed.tables.size(), 2);
  EXPECT_EQ(parsed.tables[1].name, "users");
  EXPECT_EQ(parsed.limits.memory_bytes, 512 << 20);
}

TEST(ConfigTextTest, AnEntryIsAddedToAFileWithoutALastNewline) {
  const auto after =
      AddEntry("destination: {url: out}\ntables:\n    - {table: a.b.c, path: c, pattern: snapshot}",
               Users());
  ASSERT_TRUE(after) << after.error().message;
  EXPECT_EQ(Parse(*after).tables.size(), 2);
}

TEST(ConfigTextTest, AListInBracketsIsLeftToItsOwner) {
  const auto after = AddEntry(
      "destination: {url: out}\ntables: [{table: a, path: c, pattern: snapshot}]\n", Users());
  ASSERT_FALSE(after);
  EXPECT_EQ(after.error().kind, ErrorKind::kConfig);
}

TEST(ConfigTextTest, ATableIsNamedByItsPath) {
  EXPECT_EQ(NameTable("sales/events"), "sales.events");
  EXPECT_EQ(NameTable("./my events/v1.2"), "my_events.v1_2");
  EXPECT_EQ(NameTable("_hidden"), "t_hidden");
}

}  // namespace
}  // namespace sluice::cli
