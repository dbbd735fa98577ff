#include "sluice/state/state_table.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/table.h>

#include "sluice/delta/write/data_file_writer.h"
#include "sluice/state/state_fixture.h"

namespace sluice::state {
namespace {

// Tables as other engines leave them: more columns, many small files, two rows of one name, partitions.
class StateTableTest : public StateFixture {
 protected:
  /// A data file with one row, its `note` column being "note of NAME". `hour`: nullopt is NULL.
  delta::AddFile WriteRow(const std::string& name, std::optional<int64_t> hour,
                          const std::vector<std::string>& partition_columns = {}) {
    const auto schema = delta::ToArrow(Schema()).value();
    std::vector<std::shared_ptr<arrow::Array>> columns;
    columns.push_back(Text(name));
    arrow::TimestampBuilder end(schema->field(1)->type(), arrow::default_memory_pool());
    EXPECT_TRUE((hour ? end.Append(*hour * kHour) : end.AppendNull()).ok());
    columns.push_back(end.Finish().ValueOrDie());
    columns.push_back(arrow::MakeArrayOfNull(arrow::int64(), 1).ValueOrDie());
    columns.push_back(arrow::MakeArrayOfNull(schema->field(3)->type(), 1).ValueOrDie());
    columns.push_back(Text("note of " + name));
    auto rows = arrow::Table::Make(schema, columns);
    delta::PartitionValues values;
    for (const std::string& column : partition_columns) {
      values[column] = column == "source_table" ? name : "note of " + name;
      rows = rows->RemoveColumn(rows->schema()->GetFieldIndex(column)).ValueOrDie();
    }
    auto add = delta::WriteDataFile(*store, *entropy, *rows, {}, values, kStart);
    EXPECT_TRUE(add) << add.error().message;
    return std::move(add).value_or(delta::AddFile());
  }

  void CreateWith(std::vector<delta::AddFile> files,
                  std::vector<std::string> partition_columns = {}) {
    delta::Commit commit;
    commit.version = Version{0};
    commit.protocol = delta::Protocol();
    delta::Metadata metadata;
    metadata.id = "test";
    metadata.schema = Schema();
    metadata.partition_columns = std::move(partition_columns);
    commit.metadata = metadata;
    commit.adds = std::move(files);
    ASSERT_EQ(delta::WriteCommit(*store, commit).value(), delta::CommitOutcome::kCommitted);
  }

  std::vector<std::string> Notes() {
    std::vector<std::string> notes;
    const auto loaded = LoadState(store, Columns::kAll);
    EXPECT_TRUE(loaded) << loaded.error().message;
    for (const StateFile& file : (*loaded)->files) {
      for (const auto& chunk : file.rows->GetColumnByName("note")->chunks()) {
        for (int64_t i = 0; i < chunk->length(); ++i) {
          notes.push_back(chunk->IsNull(i)
                              ? "NULL"
                              : static_cast<const arrow::StringArray&>(*chunk).GetString(i));
        }
      }
    }
    std::sort(notes.begin(), notes.end());
    return notes;
  }

  static delta::TableSchema Schema() {
    delta::TableSchema schema = GuideSchema();
    delta::Field note;
    note.name = "note";
    schema.fields.push_back(note);
    return schema;
  }

 private:
  static std::shared_ptr<arrow::Array> Text(const std::string& text) {
    arrow::StringBuilder builder;
    EXPECT_TRUE(builder.Append(text).ok());
    return builder.Finish().ValueOrDie();
  }
};

TEST_F(StateTableTest, ColumnsThatOthersAddedStay) {
  CreateWith({WriteRow(kEvents, 5), WriteRow(kClicks, 3)});
  EXPECT_EQ(Follow(Export(kEvents, 1, 5, 6)), AdvanceOutcome::kWritten);
  EXPECT_EQ(Follow(Export("new", 1, {}, 1)), AdvanceOutcome::kWritten);
  EXPECT_EQ(HourOf(kEvents), 6);
  EXPECT_EQ(HourOf(kClicks), 3);
  EXPECT_EQ(Notes(),
            (std::vector<std::string>{"NULL", "note of " + kClicks, "note of " + kEvents}));
}

TEST_F(StateTableTest, ManySmallFilesBecomeOne) {
  CreateWith({WriteRow("a", 1), WriteRow("b", 2), WriteRow("c", 3)});
  Follow(Export("b", 1, 2, 9));
  EXPECT_EQ(Snapshot().files.size(), 1u);
  EXPECT_EQ(Read().rows.size(), 3u);
  EXPECT_EQ(CommitAt(1).info->operation_metrics.at("numTargetRowsCopied"), "2");
}

TEST_F(StateTableTest, BigTableIsRewrittenOnlyWhereTheRowIs) {
  delta::AddFile big = WriteRow("a", 1);
  big.size = int64_t{1} << 30;  // as the log says
  CreateWith({big, WriteRow("b", 2)});
  Follow(Export("b", 1, 2, 9));
  Follow(Export("c", 1, {}, 4));
  EXPECT_EQ(CommitAt(1).removes.size(), 1u);
  EXPECT_TRUE(CommitAt(2).removes.empty());
  EXPECT_EQ(Snapshot().files.size(), 3u);
  EXPECT_EQ(HourOf("a"), 1);
  EXPECT_EQ(HourOf("b"), 9);
  EXPECT_EQ(HourOf("c"), 4);
}

TEST_F(StateTableTest, RowsWithoutANameBelongToNobodyAndStay) {
  delta::AddFile nameless = WriteRow("", 1);
  CreateWith({nameless, WriteRow(kEvents, 5)});
  Follow(Export(kEvents, 1, 5, 6));
  EXPECT_EQ(Notes().size(), 2u);
}

TEST_F(StateTableTest, TwoRowsOfOneNameAreAConflictOfThatNameOnly) {
  CreateWith({WriteRow(kEvents, 5), WriteRow(kEvents, 7), WriteRow(kClicks, 3)});
  const auto all = state->Read();
  ASSERT_FALSE(all);
  EXPECT_EQ(all.error().kind, ErrorKind::kConflict);
  EXPECT_NE(all.error().message.find("2 rows for main.sales.events"), std::string::npos);
  EXPECT_TRUE(state->Read(kClicks));
  EXPECT_FALSE(state->Read(kEvents));
  EXPECT_EQ(Follow(Export(kClicks, 1, 3, 4)), AdvanceOutcome::kWritten);
  EXPECT_FALSE(state->Follow(Export(kEvents, 1, 5, 6)));
}

TEST_F(StateTableTest, ResetLeavesOneOfTwoRows) {
  CreateWith({WriteRow(kEvents, 5), WriteRow(kEvents, 7), WriteRow(kClicks, 3)});
  Reset reset;
  reset.app_id = "sluice/" + kEvents;
  reset.n = 1;
  reset.source_table = kEvents;
  reset.value = 6 * kHour;
  ASSERT_TRUE(state->Apply(reset));
  EXPECT_EQ(HourOf(kEvents), 6);
  EXPECT_EQ(Read().rows.size(), 2u);
}

TEST_F(StateTableTest, PartitionedTableKeepsItsPartitions) {
  const std::vector<std::string> by = {"source_table", "note"};
  CreateWith({WriteRow(kEvents, 5, by), WriteRow(kClicks, 3, by)}, by);
  EXPECT_EQ(Follow(Export(kEvents, 1, 5, 6)), AdvanceOutcome::kWritten);
  EXPECT_EQ(Follow(Export("new", 1, {}, 1)), AdvanceOutcome::kWritten);
  EXPECT_EQ(HourOf(kEvents), 6);
  EXPECT_EQ(HourOf(kClicks), 3);
  EXPECT_EQ(HourOf("new"), 1);
  EXPECT_EQ(Snapshot().files.size(), 3u);
  EXPECT_EQ(CommitAt(1).adds.at(0).partition_values.at("note"), "note of " + kEvents);
  EXPECT_EQ(CommitAt(2).adds.at(0).partition_values.at("note"), std::nullopt);
  EXPECT_EQ(CommitAt(2).adds.at(0).partition_values.at("source_table"), "new");
}

TEST_F(StateTableTest, TablePartitionedByWhatMovesIsRefused) {
  CreateWith({}, {"last_run_timestamp"});
  const auto outcome = state->Follow(Export(kEvents, 1, {}, 6));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace sluice::state
