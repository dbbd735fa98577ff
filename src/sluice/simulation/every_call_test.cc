#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>

#include "sluice/runtime/entropy.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/matchers.h"

/// Every call that a run makes is broken in every way, and then the next runs put things right: the
/// invariants of docs/commit-protocol.md hold at all times, and at the end the export is whole.
namespace sluice::simulation {
namespace {

using testing::Fault;
using ::testing::IsEmpty;

constexpr Fault kFaults[] = {Fault::kFailBefore, Fault::kLoseReply, Fault::kDieBefore,
                             Fault::kDieAfter};

Timestamp HourAt(int64_t hours, int64_t minutes = 30) {
  return kEpoch + Hours(hours) + Minutes(minutes);
}

testing::Row RowAt(int64_t id, Timestamp ts) {
  return {id, ts.micros, fmt::format("row {}", id), std::nullopt};
}

/// Two days in pieces, one exported before, and rows that came late for it.
std::unique_ptr<World> EventsWithLateRows() {
  config::Table table = AppendTable();
  table.partition = config::Partition::kDaily;
  table.append().chunk = Days(1);
  auto world = std::make_unique<World>(table);
  world->source.Append({RowAt(1, HourAt(1)), RowAt(2, HourAt(20)), RowAt(3, HourAt(30))});
  world->clock->Set(HourAt(12, 0));
  EXPECT_TRUE(world->RunUntilNothingNew());
  world->source.Append({RowAt(4, HourAt(2)), RowAt(5, HourAt(26))});
  world->source.Optimize();
  world->clock->Set(HourAt(36, 0));
  return world;
}

/// A seed, and two windows of changes.
std::unique_ptr<World> UsersWithChanges() {
  config::Table table = FeedTable();
  table.cdc().chunk = 2;
  testing::TableOptions source;
  source.properties["delta.enableChangeDataFeed"] = "true";
  auto world = std::make_unique<World>(table, source);
  world->source.At(HourAt(1)).Append({RowAt(1, HourAt(1)), RowAt(2, HourAt(1))});
  return world;
}

void ChangeUsers(World& world) {
  world.source.At(HourAt(2)).Append({RowAt(3, HourAt(2))});
  world.source.Update([](const testing::Row& row) { return row.id == 1; }, "changed");
  world.source.At(HourAt(26)).Delete([](const testing::Row& row) { return row.id == 2; });
}

std::unique_ptr<World> UsersAfterTheirSeed() {
  auto world = UsersWithChanges();
  EXPECT_TRUE(world->RunUntilNothingNew());
  ChangeUsers(*world);
  return world;
}

/// As many snapshots as are kept, so that the next run drops one.
std::unique_ptr<World> CountriesWithOldSnapshots() {
  auto world = std::make_unique<World>(SnapshotTable(2));
  for (int day = 0; day < 2; ++day) {
    world->source.Append({RowAt(day, HourAt(day))});
    world->clock->Set(HourAt(24 * day, 0));
    EXPECT_EQ(world->Run().status, exporter::RunStatus::kExported);
  }
  world->source.Append({RowAt(7, HourAt(50))});
  world->clock->Set(HourAt(72, 0));
  return world;
}

using MakeWorld = std::function<std::unique_ptr<World>()>;

std::vector<std::string> AtRest(World& world) {
  if (!world.RunUntilNothingNew()) return {"never came to rest"};
  std::vector<std::string> faults = CheckExport(world, ParquetRows(world.destination));
  for (auto& violation : world.watch->violations()) faults.push_back(std::move(violation));
  return faults;
}

int CallsOfAWholeRun(const MakeWorld& make) {
  const auto world = make();
  const auto calls = std::make_shared<int>(0);
  const auto report = world->Run({}, calls);
  EXPECT_EQ(report.status, exporter::RunStatus::kExported)
      << (report.error ? report.error->message : "");
  EXPECT_THAT(AtRest(*world), IsEmpty());
  return *calls;
}

struct Case {
  std::string name;
  MakeWorld make;
};
void PrintTo(const Case& the_case, std::ostream* out) { *out << the_case.name; }

class EveryCall : public ::testing::TestWithParam<Case> {
 protected:
  EveryCall() { spdlog::set_level(spdlog::level::off); }
};

TEST_P(EveryCall, MayFailAndTheNextRunPutsThingsRight) {
  const int calls = CallsOfAWholeRun(GetParam().make);
  for (int k = 1; k <= calls; ++k) {
    for (const Fault fault : kFaults) {
      const auto world = GetParam().make();
      std::string broken;
      const auto report = world->Run([&](int call, const Call& made) {
        if (call != k) return Fault::kNone;
        broken = fmt::format("{} of {}", made.operation, made.key);
        return fault;
      });
      EXPECT_THAT(AtRest(*world), IsEmpty()) << "call " << k << " of " << calls << ", " << broken
                                             << ", fault " << static_cast<int>(fault);
      if (HasFailure()) return;
    }
  }
}

TEST_P(EveryCall, LeavesRoomForAWholeRunOfAnotherRunner) {
  const int calls = CallsOfAWholeRun(GetParam().make);
  for (int k = 1; k <= calls; ++k) {
    const auto world = GetParam().make();
    std::string interrupted;
    world->Run([&](int call, const Call& made) {
      if (call != k) return Fault::kNone;
      interrupted = fmt::format("{} of {}", made.operation, made.key);
      world->wall->Advance(Minutes(10));  // its heartbeats lie: it lives
      world->Run();
      return Fault::kNone;
    });
    EXPECT_THAT(AtRest(*world), IsEmpty()) << "before call " << k << ", " << interrupted;
    if (HasFailure()) return;
  }
}

TEST_P(EveryCall, MayBeTheLastOfTwoRunnersInARow) {
  constexpr uint64_t kPairs = 25;
  const auto calls = static_cast<uint64_t>(CallsOfAWholeRun(GetParam().make));
  const auto entropy = runtime::SystemEntropy();
  for (uint64_t i = 0; i < kPairs; ++i) {
    const auto world = GetParam().make();
    const auto die_at = [](int at) {
      return [at](int call, const Call&) { return call == at ? Fault::kDieAfter : Fault::kNone; };
    };
    const int first = 1 + static_cast<int>(entropy->Next() % calls);
    const int second = 1 + static_cast<int>(entropy->Next() % calls);
    world->Run(die_at(first));
    world->wall->Advance(Minutes(10));
    world->Run(die_at(second));
    EXPECT_THAT(AtRest(*world), IsEmpty()) << "died after calls " << first << " and " << second;
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(OfARun, EveryCall,
                         ::testing::Values(Case{"Append", EventsWithLateRows},
                                           Case{"Seed", UsersWithChanges},
                                           Case{"Feed", UsersAfterTheirSeed},
                                           Case{"Snapshot", CountriesWithOldSnapshots}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sluice::simulation
