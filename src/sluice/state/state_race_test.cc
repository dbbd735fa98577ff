#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "sluice/state/state_fixture.h"
#include "sluice/testing/faulty_store.h"

namespace sluice::state {
namespace {

using testing::Fault;
using testing::FaultyStore;

class StateRaceTest : public StateFixture {
 protected:
  std::unique_ptr<ExportState> StateOn(std::shared_ptr<store::ObjectStore> table_store) {
    return std::make_unique<ExportState>(std::move(table_store), clock, entropy);
  }

  /// How many commits of the log carry each (app id, number).
  std::map<std::pair<std::string, int64_t>, int> Markers() {
    std::map<std::pair<std::string, int64_t>, int> markers;
    const int64_t latest = Read().version.value;
    for (int64_t v = 0; v <= latest; ++v) {
      for (const auto& txn : CommitAt(v).transactions) ++markers[{txn.app_id, txn.version}];
    }
    return markers;
  }

  /// Exports 1..count of kEvents, hour by hour; a process that fails is followed by a new one, which
  /// does the same number again on a store without faults.
  void ExportAll(const std::shared_ptr<store::ObjectStore>& faulty, int64_t count) {
    auto process = StateOn(faulty);
    for (int64_t n = 1; n <= count; ++n) {
      const auto from = n == 1 ? std::nullopt : std::make_optional(n - 1);
      if (process->Follow(Export(kEvents, n, from, n))) continue;
      process = StateOn(store);
      const auto again = process->Follow(Export(kEvents, n, from, n));
      ASSERT_TRUE(again) << again.error().message;
    }
  }

  void ExpectExportedOnce(int64_t count) {
    EXPECT_EQ(HourOf(kEvents), count);
    EXPECT_EQ(state->FollowedThrough("sluice/" + kEvents).value(), count);
    for (const auto& [marker, times] : Markers()) {
      EXPECT_EQ(times, 1) << marker.first << " " << marker.second;
    }
    EXPECT_EQ(Markers().size(), static_cast<size_t>(count));
    for (const delta::LiveFile& file : Snapshot().files) {
      EXPECT_TRUE(store->Head(file.path)) << file.path;
    }
  }
};

// Twelve exports cross a checkpoint and a clean-up.
constexpr int64_t kExports = 12;

TEST_F(StateRaceTest, OneFaultAtAnyCallLeavesEachExportFollowedOnce) {
  int calls = 0;
  {
    const auto counting = std::make_shared<FaultyStore>(
        store, [](int, std::string_view, const store::Key&) { return Fault::kNone; });
    ExportAll(counting, kExports);
    ExpectExportedOnce(kExports);
    calls = counting->calls();
  }
  // To die before a call leaves what dying after the one before it left.
  for (const Fault fault : {Fault::kFailBefore, Fault::kLoseReply, Fault::kDieAfter}) {
    // Every call of the first two exports and of the checkpoint, and some of those between.
    for (int k = 1; k <= calls; k += (k < 40 || k > calls - 90) ? 1 : 17) {
      SCOPED_TRACE(::testing::Message() << "fault " << static_cast<int>(fault) << " at call " << k);
      Use(testing::MakeMemoryStore());
      ExportAll(std::make_shared<FaultyStore>(store,
                                              [&](int call, std::string_view, const store::Key&) {
                                                return call == k ? fault : Fault::kNone;
                                              }),
                kExports);
      ExpectExportedOnce(kExports);
      if (HasFailure()) return;
    }
  }
}

TEST_F(StateRaceTest, OverwrittenCommitIsWrittenAgain) {
  Follow(Export(kEvents, 1, {}, 1));
  bool overwritten = false;
  const auto faulty = std::make_shared<FaultyStore>(
      store, [&](int, std::string_view operation, const store::Key& key) {
        // Spark without conditional commits replaces version 2 before we read it back.
        if (operation == "Get" && key.ends_with("2.json") && !overwritten) {
          overwritten = true;
          EXPECT_TRUE(store->Put(key, "{\"commitInfo\":{\"operation\":\"OPTIMIZE\"}}\n"));
        }
        return Fault::kNone;
      });
  ASSERT_TRUE(StateOn(faulty)->Follow(Export(kEvents, 2, 1, 2)));
  EXPECT_TRUE(overwritten);
  EXPECT_EQ(HourOf(kEvents), 2);
  EXPECT_EQ(Read().version, Version{3});
}

TEST_F(StateRaceTest, CommitIntoACleanedUpPastIsNotTrusted) {
  Follow(Export(kEvents, 1, {}, 1));
  bool slept = false;
  const auto faulty = std::make_shared<FaultyStore>(
      store, [&](int, std::string_view operation, const store::Key& key) {
        if (operation != "PutIfAbsent" || slept) return Fault::kNone;
        slept = true;  // the machine sleeps for days; others go on and clean up
        for (int64_t n = 1; n <= 25; ++n) {
          clock->Set(clock->Now() + Hours(3));
          Follow(Export(kClicks, n, n == 1 ? std::nullopt : std::make_optional(n - 1), n));
        }
        EXPECT_FALSE(store->Head(key)) << key;
        return Fault::kNone;
      });
  ASSERT_TRUE(StateOn(faulty)->Follow(Export(kEvents, 2, 1, 2)));
  EXPECT_TRUE(slept);
  EXPECT_EQ(HourOf(kEvents), 2);
  EXPECT_EQ(HourOf(kClicks), 25);
}

TEST_F(StateRaceTest, ThreadsOfSeveralTablesAllArrive) {
  constexpr int kTables = 4;
  constexpr int64_t kEach = 8;
  std::vector<std::thread> threads;
  for (int t = 0; t < kTables; ++t) {
    threads.emplace_back([this, t] {
      const std::string table = "table" + std::to_string(t);
      ExportState own(store, std::make_shared<testing::FakeClock>(kStart),
                      runtime::SystemEntropy());
      for (int64_t n = 1; n <= kEach; ++n) {
        const auto from = n == 1 ? std::nullopt : std::make_optional(n - 1);
        const auto outcome = own.Follow(Export(table, n, from, n));
        EXPECT_TRUE(outcome) << outcome.error().message;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int t = 0; t < kTables; ++t) EXPECT_EQ(HourOf("table" + std::to_string(t)), kEach);
  EXPECT_EQ(Snapshot().files.size(), 1u);
}

// Two writers, whose calls are interleaved at random: before any call of the first, the second may do
// one whole export, so that the first loses its race at any step.
RC_GTEST_FIXTURE_PROP(StateRaceTest, EachRowEndsAtItsOwnWritersValue, ()) {
  const auto interruptions = *rc::gen::container<std::set<int>>(rc::gen::inRange(1, 80));
  const int64_t count = *rc::gen::inRange<int64_t>(1, 8);
  Use(testing::MakeMemoryStore());
  Follow(Export("bystander", 1, {}, 42));
  const auto second = StateOn(store);
  std::mutex one_at_a_time;  // several threads read commits
  int64_t clicks = 0;
  bool failed = false;
  const auto interrupted =
      std::make_shared<FaultyStore>(store, [&](int call, std::string_view, const store::Key&) {
        if (interruptions.contains(call)) {
          const std::scoped_lock lock(one_at_a_time);
          ++clicks;
          const auto from = clicks == 1 ? std::nullopt : std::make_optional(clicks - 1);
          failed |= !second->Follow(Export(kClicks, clicks, from, clicks)).has_value();
        }
        return Fault::kNone;
      });
  const auto first = StateOn(interrupted);
  std::optional<int64_t> followed;
  for (int64_t n = 1; n <= count; ++n) {
    const auto from = n == 1 ? std::nullopt : std::make_optional(n - 1);
    RC_ASSERT((first->Follow(Export(kEvents, n, from, n)) == AdvanceOutcome::kWritten));
    const auto now_followed = state->FollowedThrough("sluice/" + kEvents).value();
    RC_ASSERT((followed < now_followed));
    followed = now_followed;
  }
  RC_ASSERT(!failed);
  RC_ASSERT((HourOf(kEvents) == count));
  RC_ASSERT((HourOf("bystander") == 42));
  if (clicks > 0) RC_ASSERT((HourOf(kClicks) == clicks));
  RC_ASSERT(Markers().size() == static_cast<size_t>(1 + count + clicks));
}

}  // namespace
}  // namespace sluice::state
