#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/delta/write/committer.h"
#include "sluice/runtime/entropy.h"
#include "sluice/state/export_state.h"
#include "sluice/state/state_rows.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/memory_store.h"

/// What the tests of this folder share: a state table in memory and verbs that read like a story.
namespace sluice::state {

inline constexpr int64_t kHour = 3'600'000'000;            // micros
inline constexpr Timestamp kStart{1'767'225'600'000'000};  // 2026-01-01T00:00:00Z

inline const std::string kEvents = "main.sales.events";
inline const std::string kClicks = "main.sales.clicks";

/// The export numbered `n` of `table`, of the window (from, to] in hours; nullopt as in Advance.
inline Advance Export(const std::string& table, int64_t n, std::optional<int64_t> from_hour,
                      std::optional<int64_t> to_hour) {
  Advance advance;
  advance.app_id = "sluice/" + table;
  advance.n = n;
  advance.source_table = table;
  if (from_hour) advance.expected = *from_hour * kHour;
  if (to_hour) advance.value = *to_hour * kHour;
  advance.ran_at = Timestamp{n};
  return advance;
}

class StateFixture : public ::testing::Test {
 protected:
  StateFixture() { Use(testing::MakeMemoryStore()); }

  void Use(std::shared_ptr<store::ObjectStore> table_store) {
    store = std::move(table_store);
    state = std::make_unique<ExportState>(store, clock, entropy);
  }

  AdvanceOutcome Follow(const Advance& advance) {
    const auto outcome = state->Follow(advance);
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(AdvanceOutcome::kAlreadyThere);
  }

  StateView Read() {
    auto view = state->Read();
    EXPECT_TRUE(view) << view.error().message;
    return std::move(view).value_or(StateView());
  }

  /// Where the row stands, in hours; nullopt for no row or NULL.
  std::optional<int64_t> HourOf(const std::string& table) {
    const StateView view = Read();
    const StateRow* row = view.Find(table);
    if (row == nullptr || !row->last_exported_end_time) return std::nullopt;
    return row->last_exported_end_time->micros / kHour;
  }

  delta::Snapshot Snapshot() {
    delta::SnapshotOptions options;
    options.with_tombstones = true;
    options.with_actions = true;
    auto snapshot = delta::LoadSnapshot(delta::Log(store), options);
    EXPECT_TRUE(snapshot) << snapshot.error().message;
    return std::move(snapshot).value_or(delta::Snapshot());
  }

  delta::Commit CommitAt(int64_t version) {
    auto commit = delta::Log(store).ReadCommit(Version{version});
    EXPECT_TRUE(commit) << commit.error().message;
    return std::move(commit).value_or(delta::Commit());
  }

  /// Creates a table as another engine would.
  void CreateTable(delta::Metadata metadata, delta::Protocol protocol = {}) {
    delta::Commit commit;
    commit.version = Version{0};
    metadata.id = "test";
    commit.metadata = std::move(metadata);
    commit.protocol = std::move(protocol);
    ASSERT_EQ(delta::WriteCommit(*store, commit).value(), delta::CommitOutcome::kCommitted);
  }

  std::vector<std::string> Keys(const std::string& prefix = "") {
    std::vector<std::string> keys;
    const auto objects = store::ListAll(*store, prefix);
    EXPECT_TRUE(objects);
    if (objects) {
      for (const auto& object : *objects) keys.push_back(object.key);
    }
    return keys;
  }

  std::shared_ptr<store::ObjectStore> store;
  std::shared_ptr<testing::FakeClock> clock = std::make_shared<testing::FakeClock>(kStart);
  std::shared_ptr<runtime::Entropy> entropy = runtime::SeededEntropy(7);
  std::unique_ptr<ExportState> state;
};

}  // namespace sluice::state
