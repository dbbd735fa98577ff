#include <gmock/gmock.h>

#include <map>
#include <sstream>

#include "sluice/config/config_parser.h"
#include "sluice/config/nearest.h"
#include "sluice/testing/matchers.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::HasRemedy;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  Result<Config> Parse(const std::string& text) {
    return ParseConfig(text, "/etc/sluice.yaml", [this](const std::string& name) {
      const auto found = env_.find(name);
      return found == env_.end() ? std::nullopt : std::optional(found->second);
    });
  }
  /// A good config whose only table has `keys` ("key: value" lines) beside what it needs.
  Result<Config> ParseWithKeys(const std::string& keys, const std::string& pattern = "append") {
    std::string text =
        "destination: {url: /out}\ntables:\n- table: main.sales.events\n"
        "  path: /lake/events\n  pattern: " +
        pattern + "\n";
    if (pattern == "append" && keys.find("watermark:") == std::string::npos) {
      text += "  watermark: event_time\n";
    }
    if (pattern == "append" && keys.find("start:") == std::string::npos) text += "  start: now\n";
    return Parse(text + keys);
  }
  Table TableWith(const std::string& keys, const std::string& pattern = "append") {
    auto config = ParseWithKeys(keys, pattern);
    EXPECT_THAT(config, IsOk());
    return config ? config->tables.at(0) : Table();
  }
  std::string MistakesOf(const std::string& text) {
    const auto config = Parse(text);
    EXPECT_THAT(config, IsError(ErrorKind::kConfig));
    return config ? "" : config.error().message;
  }

  std::map<std::string, std::string> env_;
};

TEST_F(ConfigTest, DefaultsAreThoseOfTheContract) {
  const Table table = TableWith("");
  EXPECT_EQ(table.name, "events");
  EXPECT_EQ(table.partition, Partition::kHourly);
  EXPECT_EQ(table.compression, Compression::kZstd);
  EXPECT_EQ(table.late_rows, LateRows::kExport);
  EXPECT_EQ(table.timezone.name(), "UTC");
  EXPECT_EQ(table.schedule, "hourly");
  EXPECT_FALSE(table.append().chunk.has_value());
  EXPECT_EQ(table.line, 3);
}

TEST_F(ConfigTest, StartIsATimeADurationOrNow) {
  const Table at = TableWith("  start: 2026-01-01 00:00\n  timezone: Asia/Kolkata\n");
  EXPECT_EQ(FormatTimestamp(std::get<StartTime>(at.append().start).at), "2025-12-31T18:30:00Z");
  EXPECT_EQ(std::get<StartAgo>(TableWith("  start: 60d\n").append().start).before_now, Days(60));
  EXPECT_TRUE(std::holds_alternative<StartNow>(TableWith("  start: now\n").append().start));
  EXPECT_THAT(ParseWithKeys("  start: soon\n"), HasMessage("'soon' is not a valid start"));
}

TEST_F(ConfigTest, StartOfAFeedIsASnapshotEnabledOrAVersion) {
  EXPECT_TRUE(std::holds_alternative<StartSnapshot>(TableWith("", "cdc").cdc().start));
  EXPECT_TRUE(
      std::holds_alternative<StartEnabled>(TableWith("  start: enabled\n", "cdc").cdc().start));
  EXPECT_EQ(std::get<StartVersion>(TableWith("  start: 17\n", "cdc").cdc().start).first,
            Version{17});
  EXPECT_THAT(ParseWithKeys("  start: -1\n", "cdc"), IsError(ErrorKind::kConfig));
}

TEST_F(ConfigTest, AllMistakesAreReportedAtOnceInTheOrderOfTheFile) {
  const std::string mistakes = MistakesOf(R"(destinaton: {url: /out}
limits: {memory: 1MiB, connections: 0}
tables:
- table: a
  path: /lake/a
  pattern: apend
- table: b
  path: /lake/b
  pattern: append
  watermarc: t
  partition: minutely
  start: never
  timezone: Mars/Olympus
)");
  std::vector<std::string> lines;
  std::istringstream in(mistakes);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  int last = 0;
  for (const auto& line : lines) {
    EXPECT_THAT(line, ::testing::StartsWith("/etc/sluice.yaml"));
    const int at = line[16] == ':' && isdigit(line[17]) ? std::stoi(line.substr(17)) : 0;
    EXPECT_GE(at, last) << line;
    last = at;
  }
  for (const char* expected :
       {"/etc/sluice.yaml:1:1: unknown key 'destinaton' in the config; did you mean 'destination'?",
        "the config needs the key 'destination'",
        "sluice.yaml:2:18: 'memory' must be at least 64MiB",
        "'connections' must be a whole number from 1", "'pattern' cannot be 'apend'",
        "did you mean 'append'?",
        "sluice.yaml:10:3: unknown key 'watermarc' in this table; did you mean 'watermark'?",
        "this table needs the key 'watermark'",
        "'partition' cannot be 'minutely': use hourly, daily", "'never' is not a valid start",
        "unknown time zone 'Mars/Olympus'"}) {
    EXPECT_THAT(mistakes, HasSubstr(expected));
  }
}

TEST_F(ConfigTest, KeyThatStandsTwiceIsAMistake) {
  EXPECT_THAT(ParseWithKeys("  delay: 1h\n  delay: 2h\n"), HasMessage("'delay' appears twice"));
}

TEST_F(ConfigTest, KeyOfAnotherPatternIsAMistakeButNotInTheDefaults) {
  EXPECT_THAT(ParseWithKeys("  keep: 3\n"), HasMessage("'keep' does not apply to pattern append"));
  EXPECT_THAT(ParseWithKeys("  delay: 1h\n", "cdc"), HasMessage("'delay' does not apply"));
  EXPECT_THAT(ParseWithKeys("  chunk: 1d\n", "snapshot"), HasMessage("'chunk' does not apply"));
  EXPECT_THAT(Parse("destination: {url: /out}\ndefaults: {keep: 3, delay: 1h}\ntables:\n"
                    "- {table: a, path: /a, pattern: cdc}\n"),
              IsOk());
}

TEST_F(ConfigTest, EntryBeatsTheDefaults) {
  const auto config = Parse(
      "destination: {url: /out}\ndefaults: {compression: gzip, delay: 5m}\ntables:\n"
      "- {table: a, path: /a, pattern: append, watermark: t, start: now, delay: 1h}\n");
  ASSERT_THAT(config, IsOk());
  EXPECT_EQ(config->tables[0].delay, Hours(1));
  EXPECT_EQ(config->tables[0].compression, Compression::kGzip);
}

TEST_F(ConfigTest, EnvironmentIsPutIn) {
  env_["LAKE"] = "/mnt/lake";
  EXPECT_EQ(Parse("destination: {url: \"${LAKE}/out\"}\ntables:\n"
                  "- {table: a, path: \"${LAKE}/a\", pattern: snapshot}\n")
                ->destination.url,
            "/mnt/lake/out");
  EXPECT_THAT(ParseWithKeys("  columns: [\"${NOT_SET}\"]\n"),
              HasMessage("environment variable NOT_SET is not set"));
}

TEST_F(ConfigTest, ValueOfTheEnvironmentIsNeverShown) {
  env_["SECRET"] = "hunter2-and-more";
  for (const char* keys :
       {"  start: ${SECRET}\n", "  chunk: ${SECRET}\n", "  delay: ${SECRET}\n",
        "  timezone: ${SECRET}\n", "  schedule: ${SECRET}\n", "  partition: ${SECRET}\n",
        "  retries: ${SECRET}\n", "  target_file_size: ${SECRET}\n", "  timeout: ${SECRET}\n"}) {
    const auto config = ParseWithKeys(keys);
    EXPECT_THAT(config, IsError(ErrorKind::kConfig)) << keys;
    EXPECT_THAT(config, Not(HasMessage("hunter2"))) << keys;
  }
  EXPECT_THAT(ParseWithKeys("  start: ${SECRET}\n", "cdc"), Not(HasMessage("hunter2")));
}

TEST_F(ConfigTest, SecretInTheFileIsRefusedAndNotShown) {
  const std::string mistakes = MistakesOf(
      "destination: {url: /out, auth: {access_key_env: AKIA/EXAMPLE, secret_key_env: wJalr+Utn}}\n"
      "notify: {slack: {webhook_env: \"https://hooks.slack.com/T0/B0/XYZ\"}}\n"
      "tables: [{table: a, path: /a, pattern: snapshot}]\n");
  EXPECT_THAT(mistakes, HasSubstr("takes the name of an environment variable"));
  for (const char* secret : {"AKIA", "wJalr", "XYZ"}) EXPECT_THAT(mistakes, Not(HasSubstr(secret)));
}

TEST_F(ConfigTest, AuthTakesOneForm) {
  EXPECT_THAT(
      MistakesOf(
          "destination: {url: s3://b, auth: {profile: p, role_arn: \"arn:aws:iam::1:role/r\"}}\n"
          "tables: [{table: a, path: /a, pattern: snapshot}]\n"),
      HasSubstr("auth takes one of"));
}

TEST_F(ConfigTest, RolesAndAccountsHaveTheirForm) {
  const std::string mistakes = MistakesOf(
      "destination: {url: s3://b, expected_bucket_owner: 12345, auth: {role_arn: nonsense}}\n"
      "partner: {role_arn: \"arn:aws:iam::123456789012:user/x\"}\n"
      "tables: [{table: a, path: /a, pattern: snapshot}]\n");
  for (const char* wrong : {"12 digits of an AWS account", "not 'nonsense'", "user/x"}) {
    EXPECT_THAT(mistakes, HasSubstr(wrong));
  }
}

TEST_F(ConfigTest, EndpointIsAHostAndNoPath) {
  const auto with = [&](const std::string& endpoint) {
    return "destination: {url: s3://b, endpoint: \"" + endpoint +
           "\"}\ntables: [{table: a, path: /a, pattern: snapshot}]\n";
  };
  EXPECT_THAT(MistakesOf(with("http://host:9000/b")), HasSubstr("must end with the host"));
  EXPECT_TRUE(Parse(with("http://host:9000/")));
}

TEST_F(ConfigTest, EntriesShareNeitherNameNorFolderNorRow) {
  EXPECT_THAT(MistakesOf("destination: {url: /out}\ntables:\n"
                         "- {table: x.events, path: /a, pattern: cdc}\n"
                         "- {table: y.Events, path: /b, pattern: cdc}\n"),
              HasSubstr("sluice.yaml:4:3: two entries have the name 'Events'"));
  EXPECT_THAT(MistakesOf("destination: {url: /out}\ntables:\n"
                         "- {table: x.events, path: /a, pattern: cdc}\n"
                         "- {table: x.events_cdc, path: /b, pattern: snapshot}\n"),
              HasSubstr("a folder of another entry"));
  EXPECT_THAT(MistakesOf("destination: {url: /out}\ntables:\n"
                         "- {table: x.events, path: /a, pattern: cdc}\n"
                         "- {table: x.events, name: other, path: /b, pattern: cdc}\n"),
              HasSubstr("share one row of _export_state"));
}

TEST_F(ConfigTest, ExcludedColumnsMakeSchemaChangesFail) {
  EXPECT_EQ(TableWith("  exclude: [email]\n").on_schema_change, SchemaChange::kFail);
  EXPECT_EQ(TableWith("  exclude: [email]\n  on_schema_change: ignore\n").on_schema_change,
            SchemaChange::kIgnore);
  EXPECT_THAT(ParseWithKeys("  exclude: [a]\n  columns: [b]\n"), HasMessage("not both"));
  EXPECT_THAT(ParseWithKeys("  columns: [a, A]\n"), HasMessage("appears twice"));
}

TEST_F(ConfigTest, PlacesOfColumnsAreKept) {
  const Table table = TableWith("  columns:\n  - a\n  - b\n  watermark: t\n");
  EXPECT_EQ(table.places.file, "/etc/sluice.yaml");
  ASSERT_EQ(table.places.columns.size(), 2u);
  EXPECT_EQ(table.places.columns[1].line, table.places.columns[0].line + 1);
  EXPECT_EQ(table.places.watermark.line, table.places.columns[1].line + 1);
}

TEST_F(ConfigTest, ListOfColumnsIsAListOfNames) {
  EXPECT_THAT(ParseWithKeys("  columns: id\n"), HasMessage("'columns' must be a list: write [id]"));
  EXPECT_THAT(ParseWithKeys("  exclude: {a: b}\n"), HasMessage("must be a list, not a map"));
  EXPECT_THAT(ParseWithKeys("  columns: [a, \"\"]\n"),
              HasMessage("an entry of 'columns' is empty"));
  EXPECT_THAT(ParseWithKeys("  columns: [a, [b]]\n"), HasMessage("must be one value, not a list"));
}

TEST_F(ConfigTest, ValuesThatCanNotBeMeantAreRefused) {
  const std::map<std::string, std::string> wrong{
      {"schedule: \"61 * * * *\"", "its minute '61' is not within 0 to 59"},
      {"schedule: \"0 0 31 2 *\"", "never fires"},
      {"timezone: \"\"", "'timezone' is empty"},
      {"timezone:", "'timezone' is empty"},
      {"target_file_size: 256", "at least 4KiB, not '256'; give it a unit"},
      {"timeout: 0s", "must be longer than 0"},
      {"retry_delay: -5m", "must be a duration"},
      {"delay: -1h", "must be a duration"},
      {"chunk: 1000", "a duration of at least an hour"},
      {"start: 17", "is not a valid start"}};
  for (const auto& [keys, message] : wrong) {
    EXPECT_THAT(ParseWithKeys("  " + keys + "\n"), HasMessage(message)) << keys;
  }
  EXPECT_THAT(ParseWithKeys("  chunk: 1d\n", "cdc"), HasMessage("a number of versions"));
  EXPECT_THAT(ParseWithKeys("  keep: 0\n", "snapshot"), HasMessage("from 1 to"));
  EXPECT_THAT(ParseWithKeys("  watermark: t\n", "snapshot"), HasMessage("does not apply"));
}

TEST_F(ConfigTest, ListenNeedsAHostAndAPort) {
  const auto listen = [&](const std::string& text) {
    return Parse("destination: {url: /out}\nserve: {listen: \"" + text +
                 "\"}\ntables: [{table: a, path: /a, pattern: snapshot}]\n");
  };
  for (const char* good : {"127.0.0.1:8088", "localhost:80", "[::1]:8088"}) {
    EXPECT_THAT(listen(good), IsOk()) << good;
  }
  for (const char* bad : {"8088", ":8088", "localhost", "localhost:0", "localhost:65536", "::1:80",
                          "localhost:80x", "localhost:"}) {
    EXPECT_THAT(listen(bad), HasMessage("must be a host and a port")) << bad;
  }
}

TEST_F(ConfigTest, WrongPatternHidesNoOtherMistakeAndMakesNone) {
  const std::string mistakes = MistakesOf(
      "destination: {url: /out}\ntables:\n"
      "- {table: a, path: /a, pattern: apend, watermark: t, start: now, timeout: 0s, keep: 0}\n"
      "- {table: b.a, path: /b, pattern: snapshot}\n");
  for (const char* expected : {"did you mean 'append'?", "longer than 0", "'keep' must be a whole",
                               "two entries have the name 'a'"}) {
    EXPECT_THAT(mistakes, HasSubstr(expected));
  }
  EXPECT_THAT(mistakes, Not(HasSubstr("unknown key")));
  EXPECT_THAT(mistakes, Not(HasSubstr("does not apply")));
}

TEST_F(ConfigTest, DefaultsAreCheckedWhetherUsedOrNot) {
  const std::string tables = "\ntables: [{table: a, path: /a, pattern: cdc, timeout: 1h}]\n";
  const auto with = [&](const std::string& defaults) {
    return Parse("destination: {url: /out}\ndefaults: {" + defaults + "}" + tables);
  };
  EXPECT_THAT(with("keep: 0, timeout: 0s"), HasMessage("'keep' must be"));
  EXPECT_THAT(with("keep: 0, timeout: 0s"), HasMessage("longer than 0"));
  for (const char* own : {"table", "name", "path"}) {
    EXPECT_THAT(with(std::string(own) + ": x"), HasMessage("cannot be a default")) << own;
  }
  EXPECT_THAT(with("start: soon"), HasMessage("is not a valid start for any pattern"));
  EXPECT_THAT(with("start: 60d, chunk: 1d"), IsOk()) << "meant for append tables";
}

TEST_F(ConfigTest, PlacesThatNoStoreHasAreRefused) {
  const std::string mistakes = MistakesOf(
      "destination: {url: \"ftp://x/y\"}\nstate: \"s3://\"\ntables:\n"
      "- {table: a, path: \"gs://b/a\", pattern: cdc}\n- {table: a.b., pattern: cdc}\n");
  for (const char* expected : {"sluice.yaml:1:20: 'url' must be s3://bucket/prefix",
                               "sluice.yaml:2:8: 'state' does not name a bucket",
                               "sluice.yaml:4:20: 'path' must be", "'a.b.' ends with a dot"}) {
    EXPECT_THAT(mistakes, HasSubstr(expected));
  }
}

TEST_F(ConfigTest, WrongKindIsReportedOnce) {
  const auto lines = [&](const std::string& text) {
    const std::string mistakes = MistakesOf(text);
    return std::count(mistakes.begin(), mistakes.end(), '\n') + 1;
  };
  const std::string table = "tables: [{table: a, path: /a, pattern: cdc}]\n";
  for (const auto& text :
       {std::string("<html>"), "destination: out\n" + table, "destination:\n" + table,
        "destination: {url: }\n" + table, std::string("destination: {url: o}\ntables: [events]\n"),
        std::string("destination: {url: o}\ntables: []\n"),
        std::string("destination: {url: o}\ntables:\n")}) {
    EXPECT_EQ(lines(text), 1) << text << MistakesOf(text);
  }
}

TEST_F(ConfigTest, InvalidYamlIsExplained) {
  EXPECT_THAT(Parse("a: [1\nb: 2"), HasMessage("a '[' is not closed by a ']'"));
  EXPECT_THAT(Parse("a: b: c"),
              HasMessage("sluice.yaml:1:5: not valid YAML: a ':' is not expected"));
  EXPECT_THAT(Parse("a: \"x"), HasMessage("a quote is not closed"));
  EXPECT_THAT(Parse("a: *x"), HasMessage("begins with '*' needs quotes"));
  EXPECT_THAT(Parse("a: \"\\q\""), HasMessage("a backslash in double quotes"));
}

TEST_F(ConfigTest, TextThatIsNotAConfigIsExplained) {
  EXPECT_THAT(MistakesOf(""), HasSubstr("needs the key 'destination'"));
  EXPECT_THAT(MistakesOf("- a\n- b\n"), HasSubstr("must be a map"));
  EXPECT_THAT(MistakesOf("a: [1\nb: 2"), HasSubstr("not valid YAML"));
  EXPECT_THAT(MistakesOf("destination: {url: /o}\ntables: {a: 1}\n"), HasSubstr("must be a list"));
  EXPECT_THAT(MistakesOf("a: &a\n  <<: *a\n"), HasSubstr("sluice.yaml"));
  EXPECT_THAT(ReadConfigFile("/no/such/sluice.yaml", ProcessEnvironment()), HasRemedy("--config"));
}

class SelectTablesTest : public ConfigTest {
 protected:
  SelectTablesTest() {
    auto config = Parse(
        "destination: {url: /out}\ntables:\n"
        "- {table: main.sales.events, path: /a, pattern: cdc}\n"
        "- {table: main.sales.users, path: /b, pattern: cdc}\n"
        "- {table: main.web.clicks, path: /c, pattern: cdc}\n");
    EXPECT_THAT(config, IsOk());
    if (config) config_ = *config;
  }
  std::vector<std::string> Select(const std::vector<std::string>& patterns) {
    std::vector<std::string> names;
    const auto tables = SelectTables(config_, patterns);
    EXPECT_THAT(tables, IsOk());
    if (tables) {
      for (const Table* table : *tables) names.push_back(table->name);
    }
    return names;
  }

  Config config_;
};

TEST_F(SelectTablesTest, NamesFullTablesAndGlobsInTheFilesOrder) {
  EXPECT_THAT(Select({}), ElementsAre("events", "users", "clicks"));
  EXPECT_THAT(Select({"clicks", "EVENTS"}), ElementsAre("events", "clicks"));
  EXPECT_THAT(Select({"main.sales.*"}), ElementsAre("events", "users"));
  EXPECT_THAT(Select({"?licks", "[ce]*"}), ElementsAre("events", "clicks"));
}

TEST_F(SelectTablesTest, NameThatMatchesNoneIsRefusedWithTheNearest) {
  EXPECT_THAT(SelectTables(config_, {"users", "evnets"}), IsError(ErrorKind::kUsage));
  EXPECT_THAT(SelectTables(config_, {"evnets"}), HasRemedy("did you mean 'events'?"));
  EXPECT_THAT(SelectTables(config_, {"zzzzzz"}), HasRemedy("events, users, clicks"));
}

TEST(NearestTest, OnlyWhatIsNearIsOffered) {
  EXPECT_EQ(Nearest("watermarc", {"table", "watermark"}), "watermark");
  EXPECT_EQ(Nearest("WATERMARK", {"watermark"}), "watermark");
  EXPECT_EQ(Nearest("pathern", {"path", "pattern"}), "pattern");
  EXPECT_EQ(Nearest("zebra", {"table", "watermark"}), std::nullopt);
  EXPECT_EQ(Nearest("", {"a"}), std::nullopt);
  EXPECT_EQ(Nearest("-c", {"-h"}), std::nullopt);
  EXPECT_EQ(Nearest("ID", {"id"}), "id");
}

}  // namespace
}  // namespace sluice::config
