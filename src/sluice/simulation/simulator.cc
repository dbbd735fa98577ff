#include "sluice/simulation/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "sluice/prune/prune.h"
#include "sluice/runtime/entropy.h"
#include "sluice/runtime/executor.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/simulation/fibers.h"
#include "sluice/simulation/model_mover.h"
#include "sluice/simulation/world.h"

namespace sluice::simulation {
namespace {

using testing::Fault;
using testing::TableBuilder;

class Dice {
 public:
  explicit Dice(uint64_t seed) : entropy_(runtime::SeededEntropy(seed)) {}
  /// Of [0, sides).
  int64_t Roll(int64_t sides) {
    return static_cast<int64_t>(entropy_->Next() % static_cast<uint64_t>(sides));
  }
  bool Chance(int64_t per_mille) { return Roll(1000) < per_mille; }

 private:
  const std::shared_ptr<runtime::Entropy> entropy_;
};

constexpr int64_t kVersions = 10;
constexpr uint64_t kLakesOfAPattern = 8;

/// The time at which version v of a lake is written.
Timestamp TimeOf(Version v) { return kEpoch + Hours(2 * v.value) + Minutes(30); }

/// Half of the append lakes bring no late rows: those may be vacuumed.
bool HasLateRows(uint64_t variant) { return variant % 2 == 0; }

std::vector<testing::Row> NewRows(Dice& dice, int64_t& next_id, Timestamp now, bool late) {
  std::vector<testing::Row> rows;
  const int64_t count = 1 + dice.Roll(3);
  for (int64_t i = 0; i < count; ++i) {
    Timestamp ts = now - Minutes(dice.Roll(60));
    if (late && dice.Chance(300)) ts = std::max(kEpoch + Minutes(1), now - Hours(dice.Roll(12)));
    rows.push_back({next_id, ts.micros, fmt::format("row {}", next_id), std::nullopt});
    ++next_id;
  }
  return rows;
}

std::shared_ptr<TableBuilder> MakeLake(config::Pattern pattern, uint64_t variant) {
  Dice dice(1000 * static_cast<uint64_t>(pattern) + variant);
  testing::TableOptions options;
  if (pattern == config::Pattern::kCdc) {
    options.properties["delta.enableChangeDataFeed"] = "true";
  }
  auto lake = std::make_shared<TableBuilder>(testing::MakeMemoryStore(), options);
  int64_t next_id = 1;
  while (lake->version().value < kVersions) {
    const Timestamp now = TimeOf(Next(lake->version()));
    lake->At(now);
    const auto one = [&](const testing::Row& row) { return row.id % 3 == next_id % 3; };
    const bool appends_only = pattern == config::Pattern::kAppend;
    if (dice.Chance(200)) {
      lake->Optimize();
    } else if (!appends_only && dice.Chance(300)) {
      lake->Update(one, fmt::format("at {}", lake->version().value));
    } else if (!appends_only && dice.Chance(200)) {
      lake->Delete(one);
    } else {
      lake->Append(NewRows(dice, next_id, now, appends_only && HasLateRows(variant)));
    }
  }
  return lake;
}

/// Lakes are only read, so schedules share them.
std::shared_ptr<TableBuilder> LakeOf(config::Pattern pattern, uint64_t variant) {
  static std::mutex mutex;
  static std::map<std::pair<config::Pattern, uint64_t>, std::shared_ptr<TableBuilder>> lakes;
  const std::scoped_lock lock(mutex);
  auto& lake = lakes[{pattern, variant}];
  if (!lake) lake = MakeLake(pattern, variant);
  return lake;
}

config::Table TableOf(config::Pattern pattern, uint64_t variant, Dice& dice) {
  switch (pattern) {
    case config::Pattern::kAppend: {
      config::Table table = AppendTable();
      if (!HasLateRows(variant)) table.late_rows = config::LateRows::kIgnore;
      if (dice.Chance(500)) table.append().chunk = Hours(2 + dice.Roll(6));
      if (dice.Chance(500)) table.partition = config::Partition::kDaily;
      // What came before is there to be backfilled.
      if (dice.Chance(500)) table.append().start = config::StartTime{kEpoch + Hours(4)};
      return table;
    }
    case config::Pattern::kCdc: {
      config::Table table = FeedTable();
      if (dice.Chance(500)) table.cdc().chunk = 1 + dice.Roll(3);
      return table;
    }
    case config::Pattern::kSnapshot:
      break;
  }
  return SnapshotTable(1 + static_cast<int>(dice.Roll(2)));
}

/// What somebody starts.
enum class Command { kRun, kVoid, kPrune, kBackfill, kReseed };

std::string_view Name(Command command) {
  constexpr std::string_view kNames[] = {"run", "state void", "prune", "backfill", "run --reseed"};
  return kNames[static_cast<size_t>(command)];
}

class Schedule {
 public:
  explicit Schedule(const ScheduleOptions& options)
      : options_(options),
        dice_(options.seed),
        pattern_(static_cast<config::Pattern>(dice_.Roll(3))),
        variant_(static_cast<uint64_t>(dice_.Roll(kLakesOfAPattern))),
        world_(TableOf(pattern_, variant_, dice_), LakeOf(pattern_, variant_)) {
    result_.seed = options.seed;
    visible_ = Version{1 + dice_.Roll(3)};
    world_.clock->Set(TimeOf(visible_));
    world_.wall->Set(TimeOf(visible_));
    world_.source_store = GrowingTable(world_.source_store, [this] { return visible_; });
    world_.make_mover = [this](const delta::Log& source, auto destination,
                               const transfer::TransferLimits&) {
      const Lake lake{LakeOf(pattern_, variant_), [this] { return vacuumed_through_; }};
      return MakeModelMover(source, std::move(destination), lake);
    };
    if (options.mutation == Mutation::kNone) return;
    world_.runners_destination = Mutate(world_.destination, options.mutation);
    world_.runners_state = Mutate(world_.state, options.mutation);
  }

  ScheduleResult Run() {
    const int64_t wanted = 2 + dice_.Roll(4);
    const size_t at_once = 2 + static_cast<size_t>(dice_.Roll(2));
    const int64_t stickiness = 500 + dice_.Roll(480);
    // Most schedules are calm, so that deep states are reached; some are a storm.
    const int64_t events = dice_.Chance(250) ? 150 : 20;
    while (true) {
      std::vector<size_t> alive = Alive();
      if (commands_ < wanted && alive.size() < at_once && (alive.empty() || dice_.Chance(50))) {
        StartRunner();
        alive = Alive();
      }
      if (alive.empty()) break;
      if (dice_.Chance(events)) SomethingHappens();
      const bool stays = std::find(alive.begin(), alive.end(), current_) != alive.end() &&
                         dice_.Chance(stickiness);
      if (!stays)
        current_ = alive[static_cast<size_t>(dice_.Roll(static_cast<int64_t>(alive.size())))];
      fibers_.Resume(current_);
    }
    ComeToRest();
    return std::move(result_);
  }

 private:
  std::vector<size_t> Alive() const {
    std::vector<size_t> alive;
    for (size_t i = 0; i < runners_; ++i) {
      if (!fibers_.done(i)) alive.push_back(i);
    }
    return alive;
  }

  void Trace(std::string what) {
    if (options_.trace) result_.trace.push_back(std::move(what));
  }

  void StartRunner() {
    const size_t runner = runners_++;
    const int64_t dies_at = dice_.Chance(450) ? 1 + dice_.Roll(160) : 0;
    const Command command = ChooseCommand();
    ++commands_;
    ++result_.counts[Name(command)];
    fibers_.Start([this, runner, dies_at, command] {
      const exporter::Services services = world_.NewRunner(
          [this, runner, dies_at](int, const Call& call) { return OnCall(runner, dies_at, call); });
      Trace(fmt::format("{} begins {}", runner, Name(command)));
      Trace(fmt::format("{} ends {}", runner, Do(command, services)));
    });
  }

  /// Mostly the hourly run; now and then what a person does at any time.
  Command ChooseCommand() {
    const int64_t roll = dice_.Roll(1000);
    if (roll < 60) return Command::kVoid;
    if (roll < 160) return Command::kPrune;
    if (roll < 280 && pattern_ != config::Pattern::kSnapshot) return Command::kBackfill;
    if (roll < 330 && pattern_ == config::Pattern::kCdc) return Command::kReseed;
    return Command::kRun;
  }

  /// What came of it, for the trace.
  std::string Do(Command command, const exporter::Services& services) {
    exporter::RunReport report;
    switch (command) {
      case Command::kRun:
        report = exporter::RunTable(services, world_.table, {});
        break;
      case Command::kVoid:
        report = exporter::StateVoid(services, world_.table);
        break;
      case Command::kReseed: {
        exporter::RunOptions options;
        options.reseed = true;
        report = exporter::RunTable(services, world_.table, options);
        break;
      }
      case Command::kBackfill:
        report = exporter::Backfill(services, world_.table, ChooseBackfill());
        break;
      case Command::kPrune: {
        const auto pruned = prune::Prune(services, world_.table, {});
        result_.counts["things pruned"] += static_cast<int64_t>(pruned.removed.size());
        return fmt::format("{} removed{}", pruned.removed.size(),
                           pruned.error ? ": " + pruned.error->message : std::string());
      }
    }
    for (const auto& window : report.windows) {
      if (window.kind == ledger::ExportKind::kBackfill) ++result_.counts["windows backfilled"];
    }
    return fmt::format("{}{}", exporter::Name(report.status),
                       report.error ? ": " + report.error->message : std::string());
  }

  /// The ranges of exports that are there, or (append) any, some of it never exported.
  exporter::BackfillOptions ChooseBackfill() {
    exporter::BackfillOptions options;
    options.again = dice_.Chance(700);
    std::vector<ledger::Manifest> windows;
    const ledger::Ledger ledger(world_.destination, world_.destination, world_.table.name);
    for (auto& manifest : ledger.ReadManifests().value_or(std::vector<ledger::Manifest>())) {
      const bool ranged = manifest.kind == ledger::ExportKind::kWindow ||
                          manifest.kind == ledger::ExportKind::kBackfill;
      if (ranged) windows.push_back(std::move(manifest));
    }
    if (windows.empty() || (pattern_ == config::Pattern::kAppend && dice_.Chance(500))) {
      const int64_t from = dice_.Roll(12);
      options.from = FormatTimestamp(kEpoch + Hours(from));
      options.to = FormatTimestamp(kEpoch + Hours(from + 1 + dice_.Roll(8)));
      if (dice_.Chance(300)) options.chunk = "2h";
      return options;
    }
    const auto count = static_cast<int64_t>(windows.size());
    const int64_t first = dice_.Roll(count);
    const int64_t last = std::min(count - 1, first + dice_.Roll(3));
    options.from = ledger::ToText(windows[static_cast<size_t>(first)].start);
    options.to = ledger::ToText(windows[static_cast<size_t>(last)].end);
    return options;
  }

  /// The point at which others may come in between. Reads of a source, which never change, are none.
  Fault OnCall(size_t runner, int64_t dies_at, const Call& call) {
    if (call.place == Place::kSource || !fibers_.InFiber()) return Fault::kNone;
    fibers_.Yield();
    ++result_.counts["store calls scheduled"];
    const int64_t calls = ++calls_[runner];
    Fault fault = Fault::kNone;
    if (calls == dies_at) {
      fault = dice_.Chance(500) ? Fault::kDieBefore : Fault::kDieAfter;
      ++result_.counts["crashes"];
    } else if (dice_.Chance(4)) {
      fault = Fault::kLoseReply;
      ++result_.counts["lost replies"];
    } else if (dice_.Chance(2)) {
      fault = Fault::kFailBefore;
      ++result_.counts["failed calls"];
    }
    if (options_.trace) {
      constexpr const char* kNames[] = {"", " FAILS", " LOSES ITS REPLY", " DIES BEFORE",
                                        " DIES AFTER"};
      Trace(fmt::format("{} {} {}{}", runner, call.operation, call.key,
                        kNames[static_cast<int>(fault)]));
    }
    return fault;
  }

  void SomethingHappens() {
    switch (dice_.Roll(5)) {
      case 4:
        Trace("a day passes");
        world_.wall->Advance(Hours(25));
        break;
      case 0:
        Trace("heartbeats expire");
        world_.wall->Advance(Minutes(10));
        break;
      case 1:
        Grow();
        break;
      case 2:
        DropAnUpload();
        break;
      default:
        Vacuum();
    }
  }

  void Grow() {
    if (visible_ < world_.source.version()) visible_ = Next(visible_);
    Trace(fmt::format("the source is at version {}", visible_.value));
    world_.clock->Set(std::max(world_.clock->Now(), TimeOf(visible_)));
  }

  /// As a lifecycle rule does.
  void DropAnUpload() {
    std::vector<store::PendingUploadInfo> pending;
    const auto listed = world_.destination->ListUploads("", [&](const auto& upload) {
      pending.push_back(upload);
      return true;
    });
    if (!listed || pending.empty()) return;
    const auto& upload =
        pending[static_cast<size_t>(dice_.Roll(static_cast<int64_t>(pending.size())))];
    Trace(fmt::format("the store drops {} of {}", upload.upload_id, upload.key));
    if (world_.destination->AbortUpload(upload.key, upload.upload_id))
      ++result_.counts["lost uploads"];
  }

  /// Not where rows that nobody exported yet would be lost: what the feed or late rows need is.
  void Vacuum() {
    const bool harmless = pattern_ == config::Pattern::kSnapshot ||
                          (pattern_ == config::Pattern::kAppend && !HasLateRows(variant_));
    if (!harmless) return;
    Trace("the source is vacuumed");
    vacuumed_through_ = visible_;
  }

  void ComeToRest() {
    visible_ = world_.source.version();
    world_.clock->Set(TimeOf(visible_) + Hours(3));
    const std::string trouble = world_.ComeToRest();
    if (!trouble.empty()) result_.violations.push_back("no rest: " + trouble);
    for (auto& fault : CheckExport(world_, ModelRows(world_.destination))) {
      result_.violations.push_back(std::move(fault));
    }
    for (auto& violation : world_.watch->violations()) {
      result_.violations.push_back(std::move(violation));
    }
  }

  const ScheduleOptions options_;
  Dice dice_;
  const config::Pattern pattern_;
  const uint64_t variant_;
  Version visible_;
  Version vacuumed_through_;  // below 0: never
  const runtime::OneThread one_thread_;
  World world_;
  Fibers fibers_;
  size_t runners_ = 0;
  int64_t commands_ = 0;
  size_t current_ = 0;
  std::map<size_t, int64_t> calls_;  // by runner
  ScheduleResult result_;
};

}  // namespace

ScheduleResult RunSchedule(const ScheduleOptions& options) { return Schedule(options).Run(); }

}  // namespace sluice::simulation
