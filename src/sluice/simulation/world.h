#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/catalog/catalog.h"
#include "sluice/config/config.h"
#include "sluice/exporter/exporter.h"
#include "sluice/simulation/hooked_store.h"
#include "sluice/simulation/invariant_watch.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/memory_store.h"
#include "sluice/testing/table_builder.h"

namespace sluice::simulation {

/// 2026-01-01T00:00:00Z: where clocks and histories of simulated worlds begin.
inline constexpr Timestamp kEpoch{1'767'225'600'000'000};

/// What may happen to the calls of one runner: (its 1-based count, the call) -> fault. Runs without a lock
/// and may use the world, as another process would.
using FaultPlan = std::function<testing::Fault(int call, const Call& call_made)>;

/// One table to export, in memory: its source, the destination and the state, the clocks, and runners of
/// the real exporter that share nothing else. What a runner does is watched.
class World {
 public:
  explicit World(config::Table table, testing::TableOptions source = {});
  /// A world whose source others share: it is only read.
  World(config::Table table, std::shared_ptr<testing::TableBuilder> lake);

 private:
  const std::shared_ptr<testing::TableBuilder> lake_;

 public:
  testing::TableBuilder& source;
  /// What runners see of it.
  std::shared_ptr<store::ObjectStore> source_store;
  /// How runners move rows; by default as the program does.
  decltype(exporter::Services::make_mover) make_mover = transfer::MakeMover;
  config::Table table;                              ///< may be changed between runs
  std::shared_ptr<catalog::Catalog> catalog;        ///< of a table without a path; null: none
  const std::shared_ptr<testing::FakeClock> clock;  ///< of windows
  const std::shared_ptr<testing::FakeClock> wall;   ///< of heartbeats
  const std::shared_ptr<store::ObjectStore> destination;
  const std::shared_ptr<store::ObjectStore> state;
  /// The same two as runners see them; a simulation may put worse ones here.
  std::shared_ptr<store::ObjectStore> runners_destination, runners_state;
  const std::shared_ptr<InvariantWatch> watch;

  /// The services of a new runner, whose calls `plan` decides about. `calls`, where given, counts them.
  exporter::Services NewRunner(FaultPlan plan = {}, std::shared_ptr<int> calls = nullptr);
  /// A whole run of a new runner.
  exporter::RunReport Run(FaultPlan plan = {}, std::shared_ptr<int> calls = nullptr,
                          const exporter::RunOptions& options = {});
  /// Runs, heartbeats of earlier runners expired, until there is nothing new. False, with a failure of the
  /// running test, if that does not come about.
  bool RunUntilNothingNew();
  /// The same without a test: "" or why it did not come about.
  std::string ComeToRest();

 private:
  int runners_ = 0;
};

/// Tables as the tests have them; NAME is "events", "users" or "countries".
config::Table AppendTable();
config::Table FeedTable();
config::Table SnapshotTable(int keep);

}  // namespace sluice::simulation
