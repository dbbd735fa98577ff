#include "sluice/cli/arguments.h"

#include <gmock/gmock.h>

#include "sluice/base/time_zone.h"

namespace sluice::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Parses what must be a call of command T.
template <typename T>
std::pair<Context, T> Parse(const std::vector<std::string>& line) {
  const auto parsed = ParseArguments(line);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return {};
  }
  const auto* invocation = std::get_if<Invocation>(&*parsed);
  if (invocation == nullptr || !std::holds_alternative<T>(invocation->command)) {
    ADD_FAILURE() << "another command";
    return {};
  }
  return {invocation->context, std::get<T>(invocation->command)};
}

Error Refused(const std::vector<std::string>& line) {
  const auto parsed = ParseArguments(line);
  if (parsed) {
    ADD_FAILURE() << "taken, though wrong";
    return {};
  }
  EXPECT_EQ(parsed.error().kind, ErrorKind::kUsage);
  EXPECT_FALSE(parsed.error().remedy.empty()) << parsed.error().message;
  return parsed.error();
}

TEST(ArgumentsTest, GlobalFlagsStandBeforeOrAfterTheCommand) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"--config", "a.yaml", "--json", "run", "events"},
        std::vector<std::string>{"run", "events", "--json", "--config", "a.yaml"},
        std::vector<std::string>{"--json", "run", "--config=a.yaml", "events"}}) {
    const auto [context, run] = Parse<RunCommand>(line);
    EXPECT_EQ(context.config_file, "a.yaml");
    EXPECT_TRUE(context.json);
    EXPECT_THAT(run.names, ElementsAre("events"));
  }
}

TEST(ArgumentsTest, GlobalFlagsStandAfterACommandOfTwoWords) {
  const auto [context, set] =
      Parse<StateSetCommand>({"state", "set", "events", "2026-01-01", "--json", "-v"});
  EXPECT_TRUE(context.json && context.verbose);
  EXPECT_EQ(set.name, "events");
  EXPECT_EQ(set.value, "2026-01-01");
}

TEST(ArgumentsTest, DefaultsAreThoseOfTheContract) {
  const auto [context, run] = Parse<RunCommand>({"run"});
  EXPECT_EQ(context.config_file, "sluice.yaml");
  EXPECT_FALSE(context.json || context.quiet || context.verbose || context.now || run.reseed);
  EXPECT_TRUE(run.names.empty());
}

TEST(ArgumentsTest, NowWithoutAnOffsetIsUtc) {
  const auto utc = ParseTimestamp("2026-01-31T09:00:00Z", TimeZone::Utc());
  EXPECT_EQ(Parse<RunCommand>({"run", "--now", "2026-01-31T09:00"}).first.now, *utc);
  EXPECT_EQ(Parse<RunCommand>({"run", "--now", "2026-01-31T10:00+01:00"}).first.now, *utc);
}

TEST(ArgumentsTest, NowThatIsNoTimeIsRefused) {
  EXPECT_THAT(Refused({"--now", "yesterday", "run"}).message, HasSubstr("--now: 'yesterday'"));
}

TEST(ArgumentsTest, FullRefreshIsReseed) {
  EXPECT_TRUE(Parse<RunCommand>({"run", "--full-refresh"}).second.reseed);
  EXPECT_TRUE(Parse<RunCommand>({"run", "--reseed"}).second.reseed);
}

TEST(ArgumentsTest, BackfillTakesARangeAndAVersion) {
  const auto [context, backfill] =
      Parse<BackfillCommand>({"backfill", "events", "--from", "2026-01-01", "--to", "2026-01-02",
                              "--chunk", "6h", "--at-version", "7", "--again"});
  EXPECT_EQ(backfill.from, "2026-01-01");
  EXPECT_EQ(backfill.to, "2026-01-02");
  EXPECT_EQ(backfill.chunk, "6h");
  EXPECT_EQ(backfill.at_version, 7);
  EXPECT_TRUE(backfill.again);
}

TEST(ArgumentsTest, ATableMayBeNamedLikeACommand) {
  EXPECT_THAT(Parse<RunCommand>({"run", "check", "plan"}).second.names,
              ElementsAre("check", "plan"));
}

TEST(ArgumentsTest, AMisspeltCommandNamesTheNearest) {
  EXPECT_THAT(Refused({"rnu"}).message, HasSubstr("did you mean 'run'?"));
  EXPECT_THAT(Refused({"state", "shwo"}).message, HasSubstr("did you mean 'show'?"));
  EXPECT_THAT(Refused({"--json", "backfil", "x"}).message, HasSubstr("did you mean 'backfill'?"));
}

TEST(ArgumentsTest, AMisspeltFlagNamesTheNearest) {
  EXPECT_THAT(Refused({"run", "--jsn"}).message, HasSubstr("did you mean '--json'?"));
  EXPECT_THAT(Refused({"run", "--at-versoin=3"}).message,
              HasSubstr("did you mean '--at-version'?"));
  EXPECT_THAT(Refused({"ls", "--recursiv"}).message, HasSubstr("did you mean '--recursive'?"));
}

TEST(ArgumentsTest, AMisspeltFlagIsNamedBeforeTheOneThatIsMissingForIt) {
  EXPECT_THAT(Refused({"backfill", "events", "--form", "1", "--to", "2"}).message,
              HasSubstr("did you mean '--from'?"));
}

TEST(ArgumentsTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(Refused({}).message, HasSubstr("no command"));
  EXPECT_THAT(Refused({"state"}).message, HasSubstr("no command"));
  EXPECT_THAT(Refused({"backfill", "events", "--from", "1"}).message, HasSubstr("--to"));
  EXPECT_THAT(Refused({"state", "set", "events"}).message, HasSubstr("VALUE"));
}

TEST(ArgumentsTest, TooManyArgumentsAreRefused) {
  EXPECT_THAT(Refused({"state", "forget", "events", "users"}).message, HasSubstr("'users'"));
}

TEST(ArgumentsTest, AVersionThatIsNoNumberIsRefused) {
  EXPECT_THAT(Refused({"run", "--at-version", "latest"}).message,
              HasSubstr("'latest' is not a version: give a number"));
  for (const char* command : {"run", "plan"}) {
    EXPECT_THAT(Refused({command, "--at-version", "-1"}).message,
                HasSubstr("'-1' is not a version"));
    EXPECT_THAT(Refused({command, "--at-version=-7"}).message, HasSubstr("'-7' is not a version"));
  }
}

TEST(ArgumentsTest, HelpAndVersionAreTexts) {
  for (const std::vector<std::string>& line :
       {std::vector<std::string>{"--help"}, std::vector<std::string>{"run", "--help"},
        std::vector<std::string>{"state", "set", "-h"}, std::vector<std::string>{"--version"}}) {
    const auto parsed = ParseArguments(line);
    ASSERT_TRUE(parsed) << parsed.error().message;
    ASSERT_TRUE(std::holds_alternative<HelpText>(*parsed));
    EXPECT_THAT(std::get<HelpText>(*parsed).text, HasSubstr("sluice"));
  }
}

}  // namespace
}  // namespace sluice::cli
