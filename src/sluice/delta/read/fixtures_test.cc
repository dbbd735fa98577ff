#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "sluice/delta/read/data_file.h"
#include "sluice/delta/read/spark_rows_fixture.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/store/local/local_store.h"
#include "sluice/testing/matchers.h"

/// The tables in tests/fixtures, which real Spark wrote, read as Spark reads them.
namespace sluice::delta {
namespace {

namespace fs = std::filesystem;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

Log OpenFixture(const std::string& name) {
  return Log(store::OpenLocalStore((fs::canonical(kFixtures) / name / "table").string()));
}

Result<std::vector<std::string>> ActualRows(const std::shared_ptr<store::ObjectStore>& store,
                                            const Snapshot& snapshot) {
  const Projection projection{snapshot.metadata.schema.fields, snapshot.metadata.partition_columns};
  std::vector<std::string> rows;
  for (const LiveFile& file : snapshot.files) {
    SLUICE_ASSIGN_OR_RETURN(const auto data, DataFile::Open(store, file.path, file.partition_values,
                                                            file.deletion_vector, projection));
    for (int i = 0; i < data->num_row_groups(); ++i) {
      // Two rows a batch, so that masks and projections meet every offset.
      SLUICE_RETURN_IF_ERROR(data->ReadRowGroup(i, 2, [&](const auto& batch) -> Status {
        RenderRows(*batch, rows);
        return {};
      }));
    }
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

class FixtureTest : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> AllFixtures() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFixtures)) {
    const std::string name = entry.path().filename().string();
    if (fs::is_directory(entry.path() / "table")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST_P(FixtureTest, EveryVersionHasTheRowsThatSparkReads) {
  const std::string table = (fs::canonical(kFixtures) / GetParam() / "table").string();
  const auto store = store::OpenLocalStore(table);
  int versions = 0;
  for (const auto& entry : fs::directory_iterator(kFixtures / GetParam())) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("rows-v")) continue;
    SnapshotOptions options;
    options.at = Version{std::stoll(name.substr(6))};
    const auto snapshot = LoadSnapshot(Log(store), options);
    ASSERT_THAT(snapshot, IsOk()) << name;
    const auto rows = ActualRows(store, *snapshot);
    ASSERT_THAT(rows, IsOk()) << name;
    EXPECT_EQ(*rows, ExpectedRows(entry.path(), snapshot->metadata.schema)) << name;
    ++versions;
  }
  EXPECT_GT(versions, 0);
}

INSTANTIATE_TEST_SUITE_P(All, FixtureTest, ::testing::ValuesIn(AllFixtures()),
                         [](const auto& info) { return info.param; });

TEST(Fixtures, CheckpointsAreUsedWhereTheyAre) {
  for (const char* name :
       {"checkpoint_classic", "checkpoint_multipart", "checkpoint_only", "checkpoint_v2_json",
        "checkpoint_v2_parquet", "checkpoint_v2_classic_name"}) {
    EXPECT_TRUE(LoadSnapshot(OpenFixture(name), {})->checkpoint) << name;
  }
}

TEST(Fixtures, VersionsThatWereCleanedUpAreGoneAndTheFirstReadableIsNamed) {
  SnapshotOptions options;
  options.at = Version{1};
  const auto snapshot = LoadSnapshot(OpenFixture("checkpoint_only"), options);
  EXPECT_THAT(snapshot, IsError(ErrorKind::kSourceGone));
}

// What planning sees of each file: its bounds hold every value of the column that Spark wrote.
TEST_P(FixtureTest, BoundsOfFilesHoldTheirRows) {
  const auto store =
      store::OpenLocalStore((fs::canonical(kFixtures) / GetParam() / "table").string());
  SnapshotOptions options;
  options.stats_columns = {"EVENT_TIMESTAMP"};
  const auto snapshot = LoadSnapshot(Log(store), options);
  ASSERT_THAT(snapshot, IsOk());
  const Field* const column = snapshot->metadata.schema.Find("event_timestamp");
  if (column == nullptr || column->type.id != TypeId::kTimestamp) return;
  const Projection projection{{*column}, snapshot->metadata.partition_columns};
  for (const LiveFile& file : snapshot->files) {
    EXPECT_TRUE(file.stats.num_records) << file.path;
    const ColumnStatistics& stats = file.stats.columns.at(0);
    const auto data =
        DataFile::Open(store, file.path, file.partition_values, file.deletion_vector, projection);
    ASSERT_THAT(data, IsOk());
    EXPECT_EQ((*data)->num_rows(), file.stats.num_records);
    const auto visit = [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
      const auto& values = static_cast<const arrow::TimestampArray&>(*batch->column(0));
      for (int64_t row = 0; row < values.length(); ++row) {
        if (values.IsNull(row)) {
          EXPECT_NE(stats.null_count, 0);
          continue;
        }
        EXPECT_LE(std::get<int64_t>(stats.min), values.Value(row));
        EXPECT_GE(std::get<int64_t>(stats.max), values.Value(row));
      }
      return {};
    };
    for (int i = 0; i < (*data)->num_row_groups(); ++i) {
      EXPECT_THAT((*data)->ReadRowGroup(i, 1000, visit), IsOk());
    }
  }
}

TEST(Fixtures, Int96IsToldFromOtherTimestamps) {
  for (const char* name : {"int96", "plain"}) {
    const Log log = OpenFixture(name);
    const auto snapshot = LoadSnapshot(log, {});
    ASSERT_THAT(snapshot, IsOk());
    const auto store = store::OpenLocalStore((fs::canonical(kFixtures) / name / "table").string());
    const auto data = DataFile::Open(store, snapshot->files.at(0).path, {}, std::nullopt,
                                     Projection{snapshot->metadata.schema.fields, {}});
    ASSERT_THAT(data, IsOk());
    EXPECT_EQ((*data)->has_int96(), std::string(name) == "int96");
  }
}

}  // namespace
}  // namespace sluice::delta
