#include "sluice/simulation/simulator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sluice/runtime/log.h"

/// Schedules of the simulator. By default a short portion; in the environment:
///
///     SLUICE_SIMULATION_SECONDS  how long each test may search (default 15, mutations up to 60)
///     SLUICE_SIMULATION_THREADS  how many schedules at the same time, each in a thread (default 1)
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
  const auto threads = static_cast<uint64_t>(Setting("SLUICE_SIMULATION_THREADS", 1));
  const uint64_t first = FirstSeed();
  const auto began = Clock::now();
  std::atomic<uint64_t> schedules{0};
  std::mutex mutex;  // for counts
  std::map<std::string_view, int64_t> counts;
  std::atomic<bool> broken{false};
  const auto search = [&] {
    while (SecondsSince(began) < limit && !broken) {
      const auto result = RunSchedule({first + schedules++, Mutation::kNone, false});
      const std::scoped_lock lock(mutex);
      for (const auto& [name, count] : result.counts) counts[name] += count;
      if (result.violations.empty()) continue;
      broken = true;
      ADD_FAILURE() << fmt::format("{}", fmt::join(result.violations, "\n"))
                    << "\nreplay: SLUICE_SIMULATION_SEED=" << result.seed
                    << " build/simulation_tests --gtest_filter='Simulation.EverySchedule*'";
    }
  };
  std::vector<std::thread> searching;
  for (uint64_t i = 1; i < threads; ++i) searching.emplace_back(search);
  search();
  for (auto& thread : searching) thread.join();
  const double seconds = SecondsSince(began);
  fmt::print("{} schedules from seed {} in {:.1f} s ({:.0f}/s)\n", schedules.load(), first, seconds,
             static_cast<double>(schedules) / seconds);
  for (const auto& [name, count] : counts) fmt::print("  {:10} {}\n", count, name);
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
