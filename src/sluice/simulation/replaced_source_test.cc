#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/exporter/exporter.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/matchers.h"

/// Between two runs the source is rebuilt at the same path: within its log, or with a new one.
namespace sluice::simulation {
namespace {

using exporter::RunReport;
using exporter::RunStatus;
using ::testing::HasSubstr;

constexpr const char* kOther = "22222222-2222-4222-8222-222222222222";

class ReplacedSource : public ::testing::TestWithParam<config::Pattern> {
 protected:
  ReplacedSource() : world(Table(), {.properties = {{"delta.enableChangeDataFeed", "true"}}}) {
    spdlog::set_level(spdlog::level::off);
  }

  static config::Table Table() {
    switch (GetParam()) {
      case config::Pattern::kAppend:
        return AppendTable();
      case config::Pattern::kCdc:
        return FeedTable();
      default:
        return SnapshotTable(5);
    }
  }

  /// A row of that hour, and an hour later.
  void AppendHour(int64_t hour) {
    world.source.At(kEpoch + Hours(hour));
    world.source.Append({{hour, (kEpoch + Minutes(60 * hour - 30)).micros,
                          fmt::format("row {}", hour), std::nullopt}});
    world.clock->Set(kEpoch + Hours(hour));
  }

  World world;
};

TEST_P(ReplacedSource, GoesOnWithinItsLog) {
  AppendHour(1);
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  world.source.Replace(kOther);
  AppendHour(2);
  const RunReport report = world.Run();
  ASSERT_EQ(report.status, RunStatus::kExported) << report.error->message;
  // The feed tells the partner that the old row is gone.
  EXPECT_EQ(report.rows, GetParam() == config::Pattern::kCdc ? 2 : 1);
}

TEST_P(ReplacedSource, IsRefusedWhereItsLogWasBegunAnewAndCaughtUp) {
  AppendHour(1);
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  world.source.Recreate(kOther);
  AppendHour(2);
  AppendHour(3);
  const RunReport report = world.Run();
  ASSERT_EQ(report.status, RunStatus::kFailed);
  EXPECT_EQ(report.error->kind, ErrorKind::kConflict);
  EXPECT_THAT(report.error->message, HasSubstr("the source's log was recreated"));
}

TEST_P(ReplacedSource, IsRefusedWhereItsLogWasBegunAnewAndIsShorter) {
  AppendHour(1);
  AppendHour(2);
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  world.source.Recreate(kOther);
  AppendHour(3);
  const RunReport report = world.Run();
  ASSERT_EQ(report.status, RunStatus::kFailed);
  EXPECT_THAT(report.error->message, HasSubstr("older than version 2"));
}

TEST_P(ReplacedSource, IsExportedAnewByTheRemedyWhereItsLogWasBegunAnew) {
  AppendHour(1);
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  world.source.Recreate(kOther);
  AppendHour(2);
  const RunReport refused = world.Run();
  ASSERT_EQ(refused.status, RunStatus::kFailed);
  exporter::RunOptions options;
  if (GetParam() == config::Pattern::kCdc) {
    EXPECT_THAT(refused.error->remedy, HasSubstr("`sluice run users --reseed`"));
    options.reseed = true;
  } else {
    EXPECT_THAT(refused.error->remedy, HasSubstr("`sluice state forget " + world.table.name));
    ASSERT_FALSE(exporter::StateForget(world.NewRunner(), world.table).error);
  }
  const RunReport report = world.Run({}, nullptr, options);
  ASSERT_EQ(report.status, RunStatus::kExported) << report.error->message;
  EXPECT_EQ(report.rows, 1);
}

INSTANTIATE_TEST_SUITE_P(Patterns, ReplacedSource,
                         ::testing::Values(config::Pattern::kAppend, config::Pattern::kCdc,
                                           config::Pattern::kSnapshot));

}  // namespace
}  // namespace sluice::simulation
