#include "sluice/simulation/simulator.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "sluice/runtime/entropy.h"
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
      if (dice.Chance(500)) table.chunk_time = Hours(2 + dice.Roll(6));
      if (dice.Chance(500)) table.partition = config::Partition::kDaily;
      return table;
    }
    case config::Pattern::kCdc: {
      config::Table table = FeedTable();
      if (dice.Chance(500)) table.chunk_versions = 1 + dice.Roll(3);
      return table;
    }
    case config::Pattern::kSnapshot:
      break;
  }
  return SnapshotTable(1 + static_cast<int>(dice.Roll(2)));
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
    world_.make_mover = [this](auto source, auto destination, const transfer::TransferLimits&) {
      const Lake lake{LakeOf(pattern_, variant_), [this] { return vacuumed_through_; }};
      return MakeModelMover(std::move(source), std::move(destination), lake);
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
      if (result_.runs < wanted && alive.size() < at_once && (alive.empty() || dice_.Chance(50))) {
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
    const bool gives_up = dice_.Chance(60);
    ++result_.runs;
    fibers_.Start([this, runner, dies_at, gives_up] {
      const exporter::Services services = world_.NewRunner(
          [this, runner, dies_at](int, const Call& call) { return OnCall(runner, dies_at, call); });
      // A person may give up what is decided and not yet visible, at any time.
      const auto report = gives_up ? exporter::StateVoid(services, world_.table)
                                   : exporter::RunTable(services, world_.table, {});
      Trace(fmt::format("{} ends {}{}", runner, exporter::Name(report.status),
                        report.error ? ": " + report.error->message : std::string()));
    });
  }

  /// The point at which others may come in between. What other threads of a runner read belongs to the
  /// step of its own.
  Fault OnCall(size_t runner, int64_t dies_at, const Call& call) {
    if (call.place == Place::kSource || !fibers_.InFiber()) return Fault::kNone;
    fibers_.Yield();
    ++result_.steps;
    const int64_t calls = ++calls_[runner];
    Fault fault = Fault::kNone;
    if (calls == dies_at) {
      fault = dice_.Chance(500) ? Fault::kDieBefore : Fault::kDieAfter;
      ++result_.crashes;
    } else if (dice_.Chance(4)) {
      fault = Fault::kLoseReply;
      ++result_.lost_replies;
    } else if (dice_.Chance(2)) {
      fault = Fault::kFailBefore;
      ++result_.failed_calls;
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
    switch (dice_.Roll(4)) {
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
    if (world_.destination->AbortUpload(upload.key, upload.upload_id)) ++result_.lost_uploads;
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
  World world_;
  Fibers fibers_;
  size_t runners_ = 0;
  size_t current_ = 0;
  std::map<size_t, int64_t> calls_;  // by runner
  ScheduleResult result_;
};

}  // namespace

ScheduleResult RunSchedule(const ScheduleOptions& options) { return Schedule(options).Run(); }

}  // namespace sluice::simulation
