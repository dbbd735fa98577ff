#include "sluice/state/export_state.h"

#include <gtest/gtest.h>

#include "sluice/state/state_fixture.h"

namespace sluice::state {
namespace {

using ExportStateTest = StateFixture;

delta::Metadata GuideMetadata(std::map<std::string, std::string> configuration = {}) {
  delta::Metadata metadata;
  metadata.schema = GuideSchema();
  metadata.configuration = std::move(configuration);
  return metadata;
}

TEST_F(ExportStateTest, MissingTableReadsAsEmpty) {
  EXPECT_FALSE(Read().exists);
  EXPECT_TRUE(Read().rows.empty());
  EXPECT_EQ(state->FollowedThrough("sluice/x").value(), std::nullopt);
}

TEST_F(ExportStateTest, FirstExportCreatesTheGuidesTable) {
  EXPECT_EQ(Follow(Export(kEvents, 1, {}, 5)), AdvanceOutcome::kWritten);
  const StateView view = Read();
  EXPECT_EQ(view.version, Version{1});
  ASSERT_EQ(view.rows.size(), 1u);
  EXPECT_EQ(view.rows[0].last_exported_end_time, Timestamp{5 * kHour});
  EXPECT_EQ(view.rows[0].last_exported_version, std::nullopt);
  EXPECT_EQ(view.rows[0].last_run_timestamp, Timestamp{1});
  const delta::Snapshot snapshot = Snapshot();
  EXPECT_EQ(snapshot.protocol.min_reader_version, 1);
  EXPECT_EQ(snapshot.protocol.min_writer_version, 2);
  EXPECT_EQ(snapshot.metadata.schema, GuideSchema());
  EXPECT_EQ(snapshot.metadata.configuration.at("delta.logRetentionDuration"), "interval 1 days");
  EXPECT_EQ(state->FollowedThrough("sluice/" + kEvents).value(), 1);
}

TEST_F(ExportStateTest, EachExportMovesItsOwnRowOnly) {
  Follow(Export(kEvents, 1, {}, 5));
  Advance versions = Export(kClicks, 1, {}, {});
  versions.progress = Progress::kVersion;
  versions.value = 17;
  Follow(versions);
  Follow(Export(kEvents, 2, 5, 6));
  const StateView view = Read();
  ASSERT_EQ(view.rows.size(), 2u);
  EXPECT_EQ(view.Find(kEvents)->last_exported_end_time, Timestamp{6 * kHour});
  EXPECT_EQ(view.Find(kClicks)->last_exported_version, Version{17});
  EXPECT_EQ(view.Find(kClicks)->last_exported_end_time, std::nullopt);
  EXPECT_EQ(view.Find(kClicks)->last_run_timestamp, Timestamp{1});
  EXPECT_EQ(view.Find("main.sales"), nullptr);
  EXPECT_EQ(Snapshot().files.size(), 1u);
}

TEST_F(ExportStateTest, NumberIsFollowedOnce) {
  Follow(Export(kEvents, 1, {}, 5));
  EXPECT_EQ(Follow(Export(kEvents, 1, {}, 5)), AdvanceOutcome::kAlreadyThere);
  EXPECT_EQ(Read().version, Version{1});
}

TEST_F(ExportStateTest, RowThatANotebookMovedAheadStays) {
  Follow(Export(kEvents, 1, {}, 5));
  Advance notebook = Export(kEvents, 1, 5, 9);
  notebook.app_id = "notebook";
  Follow(notebook);
  EXPECT_EQ(Follow(Export(kEvents, 2, 5, 6)), AdvanceOutcome::kRowAhead);
  EXPECT_EQ(HourOf(kEvents), 9);
  EXPECT_EQ(state->FollowedThrough("sluice/" + kEvents).value(), 2);
}

TEST_F(ExportStateTest, RowBehindIsAConflictAndNothingIsWritten) {
  Follow(Export(kEvents, 1, {}, 5));
  const auto outcome = state->Follow(Export(kEvents, 2, 6, 7));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kConflict);
  EXPECT_EQ(Read().version, Version{1});
}

TEST_F(ExportStateTest, ConflictDoesNotCreateTheTable) {
  ASSERT_FALSE(state->Follow(Export(kEvents, 2, 6, 7)));
  EXPECT_TRUE(Keys().empty());
}

TEST_F(ExportStateTest, LateRowsMarkTheirNumberAndLeaveTheRow) {
  Follow(Export(kEvents, 1, {}, 5));
  EXPECT_EQ(Follow(Export(kEvents, 2, 5, {})), AdvanceOutcome::kWritten);
  const StateView view = Read();
  EXPECT_EQ(view.rows.at(0).last_run_timestamp, Timestamp{1});
  EXPECT_TRUE(CommitAt(2).adds.empty());
  EXPECT_EQ(state->FollowedThrough("sluice/" + kEvents).value(), 2);
}

TEST_F(ExportStateTest, CommitsTellWhoDidWhat) {
  Follow(Export(kEvents, 1, {}, 5));
  Follow(Export(kEvents, 2, 5, 6));
  EXPECT_EQ(CommitAt(0).info->operation, "CREATE TABLE");
  const delta::Commit commit = CommitAt(2);
  EXPECT_EQ(commit.info->operation, "MERGE");
  EXPECT_TRUE(commit.info->engine_info.starts_with("sluice/"));
  EXPECT_EQ(commit.info->operation_metrics.at("numTargetRowsUpdated"), "1");
  EXPECT_EQ(commit.info->operation_metrics.at("numTargetRowsCopied"), "0");
  EXPECT_EQ(commit.info->timestamp, kStart.micros / 1000);
  ASSERT_EQ(commit.removes.size(), 1u);
  EXPECT_EQ(commit.removes[0].path, CommitAt(1).adds.at(0).path);
  EXPECT_EQ(commit.removes[0].deletion_timestamp, kStart.micros / 1000);
  EXPECT_TRUE(commit.adds.at(0).data_change);
}

TEST_F(ExportStateTest, InCommitTimestampsRiseEvenWhenTheClockStands) {
  delta::Protocol protocol{1, 7, {}, {"inCommitTimestamp"}};
  CreateTable(GuideMetadata({{"delta.enableInCommitTimestamps", "true"}}), protocol);
  Follow(Export(kEvents, 1, {}, 5));
  Follow(Export(kEvents, 2, 5, 6));
  EXPECT_EQ(CommitAt(1).info->in_commit_timestamp, kStart.micros / 1000);
  EXPECT_EQ(CommitAt(2).info->in_commit_timestamp, kStart.micros / 1000 + 1);
}

TEST_F(ExportStateTest, TableThatAsksTooMuchIsRefused) {
  CreateTable(GuideMetadata({{"delta.appendOnly", "true"}}));
  const auto outcome = state->Follow(Export(kEvents, 1, {}, 5));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(outcome.error().message.find("delta.appendOnly"), std::string::npos);
  EXPECT_EQ(Keys().size(), 1u);
}

TEST_F(ExportStateTest, TableWithOtherColumnsIsRefusedNamingAll) {
  delta::Metadata metadata;
  metadata.schema = GuideSchema();
  metadata.schema.fields.erase(metadata.schema.fields.begin());
  metadata.schema.fields[0].type.id = delta::TypeId::kString;
  CreateTable(metadata);
  const auto view = state->Read();
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(view.error().message.find("source_table is missing"), std::string::npos);
  EXPECT_NE(view.error().message.find("last_exported_end_time is string and not timestamp"),
            std::string::npos);
}

TEST_F(ExportStateTest, NotNullColumnWithoutValueIsRefused) {
  delta::Metadata metadata = GuideMetadata();
  delta::Field owner;
  owner.name = "owner";
  owner.nullable = false;
  metadata.schema.fields.push_back(owner);
  CreateTable(metadata);
  const auto outcome = state->Follow(Export(kEvents, 1, {}, 5));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kUnsupported);
  EXPECT_NE(outcome.error().message.find("'owner'"), std::string::npos);
}

TEST_F(ExportStateTest, UnreadableLogIsNeverTakenForAMissingTable) {
  ASSERT_TRUE(store->Put("_delta_log/00000000000000000003.json", "{\"add\":"));
  EXPECT_FALSE(state->Read());
  EXPECT_FALSE(state->Follow(Export(kEvents, 1, {}, 5)));
  EXPECT_EQ(Keys(), std::vector<std::string>{"_delta_log/00000000000000000003.json"});
}

TEST_F(ExportStateTest, ResetSetsAndForgets) {
  Follow(Export(kEvents, 1, {}, 5));
  Follow(Export(kClicks, 1, {}, 3));
  Reset reset;
  reset.app_id = "sluice/" + kEvents;
  reset.n = 2;
  reset.source_table = kEvents;
  reset.value = 2 * kHour;
  ASSERT_TRUE(state->Apply(reset));
  EXPECT_EQ(HourOf(kEvents), 2);
  reset.value = 4 * kHour;
  ASSERT_TRUE(state->Apply(reset));
  EXPECT_EQ(HourOf(kEvents), 2) << "a number is applied once";
  reset.n = 3;
  reset.value = std::nullopt;
  ASSERT_TRUE(state->Apply(reset));
  EXPECT_EQ(Read().Find(kEvents), nullptr);
  EXPECT_EQ(HourOf(kClicks), 3);
  EXPECT_EQ(Follow(Export(kEvents, 4, {}, 1)), AdvanceOutcome::kWritten);
}

TEST_F(ExportStateTest, LastRowForgottenLeavesATableWithoutFiles) {
  Follow(Export(kEvents, 1, {}, 5));
  Reset reset;
  reset.app_id = "sluice/" + kEvents;
  reset.n = 2;
  reset.source_table = kEvents;
  ASSERT_TRUE(state->Apply(reset));
  EXPECT_TRUE(Snapshot().files.empty());
  EXPECT_TRUE(Read().exists);
  EXPECT_EQ(Follow(Export(kEvents, 3, {}, 1)), AdvanceOutcome::kWritten);
}

}  // namespace
}  // namespace sluice::state
