#include <gmock/gmock.h>

#include <fmt/format.h>

#include "sluice/ledger/ledger_path.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/matchers.h"

/// Runs that find nothing new: few calls, and nothing that changed is missed.
namespace sluice::simulation {
namespace {

using exporter::RunStatus;
using testing::IsOk;

constexpr int kCalls = 6;

testing::Row RowAt(int64_t id, int64_t hour) {
  return {id, (kEpoch + Hours(hour) + Minutes(30)).micros, fmt::format("row {}", id), std::nullopt};
}

class IdleTest : public ::testing::TestWithParam<config::Pattern> {
 protected:
  IdleTest() : world(TableOf(GetParam()), WithFeed()) {}

  static config::Table TableOf(config::Pattern pattern) {
    if (pattern == config::Pattern::kAppend) return AppendTable();
    if (pattern == config::Pattern::kCdc) return FeedTable();
    config::Table table = SnapshotTable(2);
    std::get<config::SnapshotOptions>(table.options).skip_unchanged = true;
    return table;
  }
  static testing::TableOptions WithFeed() {
    testing::TableOptions source;
    source.properties["delta.enableChangeDataFeed"] = "true";
    return source;
  }
  /// One more file and an hour later, exported.
  void Export() {
    world.source.Append({RowAt(hour, hour)});
    world.clock->Set(kEpoch + Hours(++hour));
    EXPECT_EQ(world.Run().status, RunStatus::kExported);
  }
  /// How many calls a run makes that must end so.
  int CallsOf(RunStatus status) {
    const auto calls = std::make_shared<int>(0);
    const auto report = world.Run({}, calls);
    EXPECT_EQ(report.status, status) << (report.error ? report.error->message : "");
    return *calls;
  }

  World world;
  int64_t hour = 1;
};

TEST_P(IdleTest, MakesSixCallsAtMost) {
  for (int exports = 0; exports < 12; ++exports) Export();
  EXPECT_LE(CallsOf(RunStatus::kNothingNew), kCalls);
  EXPECT_LE(CallsOf(RunStatus::kNothingNew), kCalls);
}

TEST_P(IdleTest, SeesANewCommit) {
  Export();
  EXPECT_LE(CallsOf(RunStatus::kNothingNew), kCalls);
  Export();
  EXPECT_LE(CallsOf(RunStatus::kNothingNew), kCalls);
}

TEST_P(IdleTest, SeesAnotherRunnerAtWork) {
  Export();
  world.source.Append({RowAt(hour, hour)});
  world.clock->Set(kEpoch + Hours(++hour));
  int intents = 0;
  const auto dies_after_intent = [&](int, const Call& call) {
    if (call.key.ends_with("intent.json") && call.operation == "PutIfAbsent") ++intents;
    return intents > 0 ? testing::Fault::kDieAfter : testing::Fault::kNone;
  };
  EXPECT_EQ(world.Run(dies_after_intent).status, RunStatus::kFailed);
  EXPECT_EQ(world.Run().status, RunStatus::kBusy);
  EXPECT_TRUE(world.RunUntilNothingNew());
}

TEST_P(IdleTest, LooksAtEverythingOnceTheConfigChanged) {
  Export();
  world.table.compression = config::Compression::kSnappy;
  EXPECT_GT(CallsOf(RunStatus::kNothingNew), kCalls);
  EXPECT_LE(CallsOf(RunStatus::kNothingNew), kCalls);
}

TEST_P(IdleTest, AnyFailedCallCostsCallsAndNothingElse) {
  Export();
  for (int broken = 1; broken <= kCalls; ++broken) {
    const auto report = world.Run([&](int call, const Call&) {
      return call == broken ? testing::Fault::kFailBefore : testing::Fault::kNone;
    });
    EXPECT_EQ(report.status, RunStatus::kNothingNew) << broken;
  }
}

INSTANTIATE_TEST_SUITE_P(Patterns, IdleTest,
                         ::testing::Values(config::Pattern::kAppend, config::Pattern::kCdc,
                                           config::Pattern::kSnapshot),
                         [](const auto& tested) { return std::string(Name(tested.param)); });

}  // namespace
}  // namespace sluice::simulation
