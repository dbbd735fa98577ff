#include "sluice/delta/write/checkpoint_writer.h"
#include "sluice/delta/write/committer.h"
#include "sluice/delta/write/log_cleanup.h"
#include "sluice/state/state_fixture.h"

namespace sluice::state {
namespace {

class StateUpkeepTest : public StateFixture {
 protected:
  void ExportHours(int64_t first, int64_t last, Duration step = Hours(1)) {
    for (int64_t n = first; n <= last; ++n) {
      clock->Advance(step);
      Follow(Export(kEvents, n, n == 1 ? std::nullopt : std::make_optional(n - 1), n));
    }
  }
};

TEST_F(StateUpkeepTest, YearsOfHourlyRunsStaySmall) {
  Follow(Export("bystander", 1, {}, 42));
  ExportHours(1, 400);
  EXPECT_EQ(HourOf(kEvents), 400);
  EXPECT_EQ(HourOf("bystander"), 42);
  EXPECT_EQ(Snapshot().transactions.at("sluice/bystander").version, 1);
  // Two days of hourly commits, their checkpoints and their files at most.
  EXPECT_LT(Keys().size(), 130u);
}

TEST_F(StateUpkeepTest, EveryTenthVersionIsCheckpointed) {
  ExportHours(1, 9, Seconds(1));
  EXPECT_EQ(Snapshot().checkpoint, std::nullopt);
  ExportHours(10, 10, Seconds(1));
  EXPECT_EQ(Snapshot().checkpoint, Version{10});
  ExportHours(11, 20, Seconds(1));
  EXPECT_EQ(Snapshot().checkpoint, Version{20});
  EXPECT_TRUE(store->Get("_delta_log/_last_checkpoint").value().starts_with("{\"version\":20,"));
}

TEST_F(StateUpkeepTest, CheckpointAloneGivesTheSameTable) {
  ExportHours(1, 10, Seconds(1));
  const delta::Snapshot before = Snapshot();
  const StateView view = Read();
  for (const std::string& key : Keys("_delta_log/")) {
    if (key.ends_with(".json")) {
      ASSERT_TRUE(store->Delete(key));
    }
  }
  const delta::Snapshot after = Snapshot();
  EXPECT_EQ(after.version, before.version);
  EXPECT_EQ(after.metadata.id, before.metadata.id);
  EXPECT_EQ(after.metadata.schema, before.metadata.schema);
  EXPECT_EQ(after.metadata.configuration, before.metadata.configuration);
  EXPECT_EQ(after.metadata.created_time, before.metadata.created_time);
  EXPECT_EQ(after.protocol.min_writer_version, before.protocol.min_writer_version);
  ASSERT_EQ(after.files.size(), 1u);
  EXPECT_EQ(after.files[0].path, before.files[0].path);
  EXPECT_EQ(after.files[0].size, before.files[0].size);
  EXPECT_EQ(after.files[0].action->stats, before.files[0].action->stats);
  EXPECT_NE(after.files[0].action->stats.find("\"numRecords\":1"), std::string::npos);
  EXPECT_EQ(after.tombstones.size(), before.tombstones.size());
  EXPECT_EQ(after.transactions.at("sluice/" + kEvents).version, 10);
  EXPECT_EQ(Read().rows.at(0).last_exported_end_time, view.rows.at(0).last_exported_end_time);
}

TEST_F(StateUpkeepTest, ExpiredTombstonesGoWithTheirFiles) {
  ExportHours(1, 10, Seconds(1));
  EXPECT_EQ(Snapshot().tombstones.size(), 9u);
  EXPECT_EQ(Keys("part-").size(), 10u);
  clock->Advance(Seconds(86'500));
  ExportHours(11, 20, Seconds(1));
  EXPECT_EQ(Keys("part-").size(), 11u) << "the live one and those that younger tombstones name";
  EXPECT_EQ(Snapshot().tombstones.size(), 10u);
}

TEST_F(StateUpkeepTest, FilesOfOthersAreNeverOrphans) {
  ExportHours(1, 1);
  const std::vector<std::string> foreign = {"part-00000-x.c000.snappy.parquet", "notes.txt",
                                            "_sluice/x"};
  for (const std::string& key : foreign) {
    ASSERT_TRUE(store->Put(key, "x"));
  }
  const std::string orphan =
      "part-00000-00000000-0000-4000-8000-000000000000.sluice.snappy.parquet";
  ASSERT_TRUE(store->Put(orphan, "x"));
  clock->Advance(Days(400));
  ASSERT_EQ(delta::CleanUpFiles(store, clock->Now()).value(), 1);
  EXPECT_FALSE(store->Head(orphan));
  for (const std::string& key : foreign) EXPECT_TRUE(store->Head(key)) << key;
  EXPECT_EQ(HourOf(kEvents), 1);
}

TEST_F(StateUpkeepTest, SecondCheckpointOfAVersionIsASuccess) {
  ExportHours(1, 3);
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{3}, clock->Now()));
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{3}, clock->Now()));
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{2}, clock->Now()));
  EXPECT_TRUE(store->Get("_delta_log/_last_checkpoint").value().starts_with("{\"version\":3,"))
      << "it never goes back";
}

TEST_F(StateUpkeepTest, LogIsKeptWithoutACheckpointOrWhereTheTableForbids) {
  ExportHours(1, 5);
  clock->Advance(Days(400));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 0) << "no checkpoint";
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{3}, clock->Now()));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 3) << "0, 1 and 2";
  EXPECT_EQ(HourOf(kEvents), 5);
}

TEST_F(StateUpkeepTest, ProtectedVersionsGoAsAWholeOrNotAtAll) {
  ExportHours(1, 5);
  const delta::Snapshot before = Snapshot();
  delta::Commit commit;
  commit.version = Next(before.version);
  commit.protocol = delta::Protocol{1, 7, {}, {"checkpointProtection"}};
  commit.metadata = before.metadata;
  commit.metadata->configuration["delta.requireCheckpointProtectionBeforeVersion"] = "5";
  ASSERT_TRUE(delta::WriteCommit(*store, commit));
  clock->Advance(Days(400));
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{4}, clock->Now()));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 0);
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{6}, clock->Now()));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 7) << "0 to 5, and the checkpoint of 4";
  EXPECT_EQ(HourOf(kEvents), 5);
}

TEST_F(StateUpkeepTest, SidecarsThatNoCheckpointNamesGoWithTheLog) {
  ExportHours(1, 5);
  ASSERT_TRUE(store->Put("_delta_log/_sidecars/old.parquet", "x"));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 0) << "a checkpoint may be under way";
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{3}, clock->Now()));
  clock->Advance(Days(400));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 4);
  EXPECT_FALSE(store->Head("_delta_log/_sidecars/old.parquet"));
}

TEST_F(StateUpkeepTest, ChangesOfATableWithAFeedGoWhenTheLogIsGone) {
  ExportHours(1, 1);
  const std::string changes =
      "_change_data/cdc-00000-00000000-0000-4000-8000-000000000000.sluice.snappy.parquet";
  ASSERT_TRUE(store->Put(changes, "x"));
  ASSERT_TRUE(store->Put("_change_data/cdc-00000-of-others.c000.snappy.parquet", "x"));
  EXPECT_EQ(delta::CleanUpFiles(store, clock->Now()).value(), 0);
  clock->Advance(Days(400));
  EXPECT_EQ(delta::CleanUpFiles(store, clock->Now()).value(), 1);
  EXPECT_FALSE(store->Head(changes));
}

TEST_F(StateUpkeepTest, DamagedCheckpointKeepsTheLog) {
  ExportHours(1, 5);
  ASSERT_TRUE(store->Put("_delta_log/00000000000000000003.checkpoint.parquet", "PAR1"));
  clock->Advance(Days(400));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 0);
  EXPECT_EQ(HourOf(kEvents), 5);
}

TEST_F(StateUpkeepTest, ChecksumsGoWithTheirCommits) {
  ExportHours(1, 5);
  ASSERT_TRUE(store->Put("_delta_log/00000000000000000001.crc", "{}"));
  ASSERT_TRUE(store->Put("_delta_log/.00000000000000000001.json.crc", "x"));
  ASSERT_TRUE(store->Put("_delta_log/00000000000000000004.crc", "{}"));
  ASSERT_TRUE(delta::WriteCheckpoint(store, Version{3}, clock->Now()));
  clock->Advance(Days(400));
  EXPECT_EQ(delta::CleanUpLog(store, clock->Now()).value(), 5);
  EXPECT_TRUE(store->Head("_delta_log/00000000000000000004.crc"));
}

}  // namespace
}  // namespace sluice::state
