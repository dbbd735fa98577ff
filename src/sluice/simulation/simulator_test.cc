#include "sluice/simulation/simulator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "sluice/runtime/log.h"

/// Schedules of the simulator. By default a short portion; in the environment:
///
///     SLUICE_SIMULATION_SECONDS  how long each test may search (default 15, mutations up to 60)
///     SLUICE_SIMULATION_SEED     replays this one schedule, and shows it step by step
///     SLUICE_SIMULATION_FIRST    the first seed of a search (default: by the time)
namespace sluice::simulation {
namespace {

using Clock = std::chrono::steady_clock;
using ::testing::IsEmpty;

int64_t Setting(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

uint64_t FirstSeed() {
  // The same ones each time, so that a test that was green stays so; a soak begins elsewhere.
  return static_cast<uint64_t>(Setting("SLUICE_SIMULATION_FIRST", 1));
}

double SecondsSince(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

class Simulation : public ::testing::Test {
 protected:
  Simulation() { spdlog::set_level(spdlog::level::off); }
};

TEST_F(Simulation, EveryScheduleKeepsThePromises) {
  if (const int64_t seed = Setting("SLUICE_SIMULATION_SEED", -1); seed >= 0) {
    const auto result = RunSchedule({static_cast<uint64_t>(seed), Mutation::kNone, true});
    for (const auto& step : result.trace) fmt::print("{}\n", step);
    EXPECT_THAT(result.violations, IsEmpty());
    return;
  }
  const auto limit = static_cast<double>(Setting("SLUICE_SIMULATION_SECONDS", 15));
  const uint64_t first = FirstSeed();
  const auto began = Clock::now();
  uint64_t schedules = 0;
  int64_t steps = 0, runs = 0, crashes = 0, lost = 0, failed = 0, dropped = 0;
  for (; SecondsSince(began) < limit; ++schedules) {
    const auto result = RunSchedule({first + schedules, Mutation::kNone, false});
    steps += result.steps;
    runs += result.runs;
    crashes += result.crashes;
    lost += result.lost_replies;
    failed += result.failed_calls;
    dropped += result.lost_uploads;
    ASSERT_THAT(result.violations, IsEmpty())
        << "replay: SLUICE_SIMULATION_SEED=" << result.seed
        << " build/simulation_tests --gtest_filter='Simulation.EverySchedule*'";
  }
  fmt::print(
      "{} schedules from seed {} in {:.1f} s ({:.0f}/s): {} runs, {} store calls scheduled, {} "
      "crashes, {} lost replies, {} failed calls, {} lost uploads\n",
      schedules, first, SecondsSince(began), static_cast<double>(schedules) / SecondsSince(began),
      runs, steps, crashes, lost, failed, dropped);
}

TEST_F(Simulation, TheSameSeedGivesTheSameSchedule) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto once = RunSchedule({seed, Mutation::kNone, true});
    const auto again = RunSchedule({seed, Mutation::kNone, true});
    EXPECT_EQ(once.trace, again.trace) << "seed " << seed;
  }
}

class Mutated : public ::testing::TestWithParam<Mutation> {
 protected:
  Mutated() { spdlog::set_level(spdlog::level::off); }
};

TEST_P(Mutated, IsNoticedWithinAMinute) {
  const uint64_t first = FirstSeed();
  const auto began = Clock::now();
  for (uint64_t schedules = 0; SecondsSince(began) < 60; ++schedules) {
    const auto result = RunSchedule({first + schedules, GetParam(), false});
    if (result.violations.empty()) continue;
    fmt::print("noticed after {} schedules, {:.2f} s, seed {}: {}\n", schedules + 1,
               SecondsSince(began), result.seed, result.violations.front());
    return;
  }
  FAIL() << "a protocol without that condition passed for a minute";
}

INSTANTIATE_TEST_SUITE_P(WithoutOneCondition, Mutated,
                         ::testing::Values(Mutation::kIntentsOverwrite,
                                           Mutation::kDecisionsOverwrite,
                                           Mutation::kManifestsOverwrite,
                                           Mutation::kStateOverwrites, Mutation::kUploadsAtOnce,
                                           Mutation::kAbsentIsComplete),
                         [](const auto& info) { return std::string(Name(info.param)); });

}  // namespace
}  // namespace sluice::simulation
