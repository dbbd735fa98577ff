#include "sluice/testing/table_builder.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "sluice/delta/log/log.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// What the builder says is in a table, and what the reader finds there.
namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::IsOk;
using testing::Row;
using testing::TableBuilder;

class TableBuilderTest : public ::testing::Test {
 protected:
  Snapshot At(Version version) {
    SnapshotOptions options;
    options.at = version;
    auto snapshot = LoadSnapshot(Log(store_), options);
    EXPECT_THAT(snapshot, IsOk());
    return std::move(snapshot).value_or(Snapshot());
  }

  /// The rows of timestamp tables as the reader sees them, sorted.
  std::vector<Row> Read(Version version) {
    const Snapshot snapshot = At(version);
    std::vector<Row> rows;
    for (const LiveFile& file : snapshot.files) {
      const auto data = DataFile::Open(store_, file.path, file.partition_values, {},
                                       Projection{snapshot.metadata.schema.fields, {}});
      EXPECT_THAT(data, IsOk());
      for (int i = 0; data && i < (*data)->num_row_groups(); ++i) {
        EXPECT_THAT((*data)->ReadRowGroup(i, 100,
                                          [&](const auto& batch) {
                                            Take(*batch, rows);
                                            return Status();
                                          }),
                    IsOk());
      }
    }
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  static std::optional<std::string> Text(const arrow::Array& column, int64_t i) {
    if (column.IsNull(i)) return std::nullopt;
    return static_cast<const arrow::StringArray&>(column).GetString(i);
  }
  static void Take(const arrow::RecordBatch& batch, std::vector<Row>& rows) {
    for (int64_t i = 0; i < batch.num_rows(); ++i) {
      Row row;
      row.id = static_cast<const arrow::Int64Array&>(*batch.column(0)).Value(i);
      const auto& ts = static_cast<const arrow::TimestampArray&>(*batch.column(1));
      if (!ts.IsNull(i)) row.ts = ts.Value(i);
      row.text = Text(*batch.column(2), i);
      if (batch.num_columns() > 3) row.added = Text(*batch.column(3), i);
      rows.push_back(row);
    }
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
};

TEST_F(TableBuilderTest, ReaderFindsEveryVersionAsItWasBuilt) {
  TableBuilder table(store_);
  table.Append({{1, 10, "a"}, {2, 20, {}}, {3, {}, "c"}});
  table.Append({{4, 40, "d"}});
  table.Delete([](const Row& row) { return row.id == 2 || row.id == 4; });
  table.Update([](const Row& row) { return row.id == 3; }, "changed");
  table.AddColumn("more");
  table.Append({{5, 50, "e", "extra"}});
  table.Optimize();
  for (int64_t v = 0; v <= table.version().value; ++v) {
    EXPECT_EQ(Read(Version{v}), table.RowsAt(Version{v})) << "version " << v;
  }
  EXPECT_THAT(table.Rows(),
              ElementsAre(Row{1, 10, "a"}, Row{3, {}, "changed"}, Row{5, 50, "e", "extra"}));
  EXPECT_EQ(table.Files().size(), 1u);
}

TEST_F(TableBuilderTest, TableLivesOnFromItsCheckpoint) {
  TableBuilder table(store_);
  table.Append({{1, 10, "a"}});
  table.Delete([](const Row&) { return true; });
  const Version at = table.Append({{2, 20, "b"}});
  table.Checkpoint();
  table.Vacuum();
  table.CleanLog(at);
  table.Append({{3, 30, "c"}});
  EXPECT_EQ(Read(table.version()), table.Rows());
  EXPECT_EQ(Read(table.version()).size(), 2u);
}

TEST_F(TableBuilderTest, AnotherTableHasAnotherId) {
  TableBuilder table(store_);
  table.Append({{1, 10, "a"}});
  EXPECT_EQ(At(table.Replace("second")).metadata.id, "second");
  EXPECT_EQ(table.version(), Version{2});
  EXPECT_EQ(At(table.Recreate("third")).metadata.id, "third");
  EXPECT_EQ(table.version(), Version{0});
  EXPECT_TRUE(Read(table.version()).empty());
}

TEST_F(TableBuilderTest, RewritesOfATableWithAFeedCarryChangeFiles) {
  TableBuilder table(store_, {.properties = {{"delta.enableChangeDataFeed", "true"}}});
  table.Append({{1, 10, "a"}, {2, 20, "b"}});
  const auto commit =
      Log(store_).ReadCommit(table.Update([](const Row& row) { return row.id == 2; }, "changed"));
  ASSERT_THAT(commit, IsOk());
  EXPECT_EQ(commit->cdc.size(), 1u);
  EXPECT_EQ(commit->adds.size(), 1u);
  EXPECT_EQ(commit->removes.size(), 1u);
}

}  // namespace
}  // namespace sluice::delta
