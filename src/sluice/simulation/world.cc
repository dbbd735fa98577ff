#include "sluice/simulation/world.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <utility>

#include "sluice/base/mutex.h"

namespace sluice::simulation {
namespace {

using testing::Fault;

/// The calls of one runner: counted, broken as its plan says, watched.
class RunnerHook : public CallHook {
 public:
  RunnerHook(int runner, FaultPlan plan, std::shared_ptr<int> calls,
             std::shared_ptr<InvariantWatch> watch)
      : runner_(runner),
        plan_(std::move(plan)),
        calls_(std::move(calls)),
        watch_(std::move(watch)) {}

  Fault Before(const Call& call) override {
    int count = 0;
    {
      const MutexLock lock(mutex_);
      if (dead_) return Fault::kFailBefore;
      count = ++count_;
      if (calls_) *calls_ = count;
    }
    const Fault fault = plan_ ? plan_(count, call) : Fault::kNone;
    if (fault == Fault::kDieBefore || fault == Fault::kDieAfter) {
      const MutexLock lock(mutex_);
      dead_ = true;
    }
    if (fault != Fault::kDieBefore && fault != Fault::kFailBefore) watch_->Before(runner_, call);
    return fault;
  }

  void Done(const Call& call, bool changed) override { watch_->Done(runner_, call, changed); }

 private:
  const int runner_;
  const FaultPlan plan_;
  const std::shared_ptr<int> calls_;
  const std::shared_ptr<InvariantWatch> watch_;
  Mutex mutex_;
  int count_ SLUICE_GUARDED_BY(mutex_) = 0;
  bool dead_ SLUICE_GUARDED_BY(mutex_) = false;
};

config::Table NewTable(const std::string& table, const std::string& name) {
  config::Table config;
  config.table = table;
  config.name = name;
  config.path = "s3://lake/" + name;
  return config;
}

}  // namespace

World::World(config::Table table_config, testing::TableOptions source_options)
    : World(std::move(table_config), std::make_shared<testing::TableBuilder>(
                                         testing::MakeMemoryStore(), std::move(source_options))) {}

World::World(config::Table table_config, std::shared_ptr<testing::TableBuilder> lake)
    : lake_(std::move(lake)),
      source(*lake_),
      source_store(lake_->store()),
      table(std::move(table_config)),
      clock(std::make_shared<testing::FakeClock>(kEpoch)),
      wall(std::make_shared<testing::FakeClock>(kEpoch)),
      destination(testing::MakeMemoryStore()),
      state(testing::MakeMemoryStore()),
      runners_destination(destination),
      runners_state(state),
      watch(
          std::make_shared<InvariantWatch>(destination, state, table.name, !table.is_snapshot())) {}

exporter::Services World::NewRunner(FaultPlan plan, std::shared_ptr<int> calls) {
  auto config = std::make_shared<config::Config>();
  config->folder = "/";
  config->destination.url = "s3://export";
  config->tables = {table};
  exporter::Services services = exporter::MakeServices(config, clock, runtime::CancelToken());
  services.wall = wall;
  ++runners_;
  services.entropy = runtime::SeededEntropy(static_cast<uint64_t>(runners_));
  services.threads = 1;
  const auto hook =
      std::make_shared<RunnerHook>(runners_, std::move(plan), std::move(calls), watch);
  services.make_mover = make_mover;
  services.open_store =
      [source_store = source_store, destination = runners_destination, state = runners_state, hook](
          const store::Location& at, exporter::StoreRole,
          const runtime::CancelToken&) -> Result<std::shared_ptr<store::ObjectStore>> {
    if (at.bucket == "lake") return HookStore(Place::kSource, source_store, hook);
    if (at.path.empty()) return HookStore(Place::kDestination, destination, hook);
    return HookStore(Place::kState, state, hook);
  };
  services.open_table = [open = services.open_store](const store::Location& at,
                                                     const catalog::CatalogTable&,
                                                     const runtime::CancelToken& cancel) {
    return open(at, exporter::StoreRole::kSource, cancel);
  };
  if (catalog) exporter::UseCatalog(services, catalog);
  return services;
}

exporter::RunReport World::Run(FaultPlan plan, std::shared_ptr<int> calls,
                               const exporter::RunOptions& options) {
  const exporter::Services services = NewRunner(std::move(plan), std::move(calls));
  return exporter::RunTable(services, table, options);
}

std::string World::ComeToRest() {
  constexpr int kRuns = 6;
  exporter::RunReport report;
  for (int i = 0; i < kRuns; ++i) {
    wall->Advance(Minutes(10));
    report = Run();
    if (report.status == exporter::RunStatus::kNothingNew) return "";
    // A snapshot of today is always new.
    if (table.is_snapshot() && !report.error) return "";
  }
  return fmt::format("the last of {} runs ended {}{}", kRuns, exporter::Name(report.status),
                     report.error ? ": " + report.error->message : std::string());
}

bool World::RunUntilNothingNew() {
  const std::string trouble = ComeToRest();
  if (!trouble.empty()) ADD_FAILURE() << trouble;
  return trouble.empty();
}

config::Table AppendTable() {
  config::Table table = NewTable("main.sales.events", "events");
  table.options = config::AppendOptions{};
  table.append().watermark = "ts";
  table.append().start = config::StartTime{kEpoch};
  return table;
}

config::Table FeedTable() {
  config::Table table = NewTable("main.crm.users", "users");
  table.options = config::CdcOptions{};
  return table;
}

config::Table SnapshotTable(int keep) {
  config::Table table = NewTable("main.ref.countries", "countries");
  table.options = config::SnapshotOptions{};
  table.snapshot().keep = keep;
  return table;
}

}  // namespace sluice::simulation
