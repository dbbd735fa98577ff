#include "sluice/transfer/mover.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <mutex>

#include "sluice/columnar/row_hash.h"
#include "sluice/testing/matchers.h"
#include "sluice/transfer/transfer_fixture.h"

namespace sluice::transfer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::Row;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using MoverTest = TransferFixture;

TEST_F(MoverTest, RowsGoToTheFoldersOfTheirHours) {
  source_.Append({At(1, "00:10"), At(2, "00:59:59.999999"), At(3, "01:00"), At(4, "02:30")});
  const TransferResult moved = Move(Window("00:00", "03:00"));
  EXPECT_THAT(IdsByFolder(moved),
              UnorderedElementsAre("dt=2026-01-01/hr=00: 1 2", "dt=2026-01-01/hr=01: 3",
                                   "dt=2026-01-01/hr=02: 4"));
  EXPECT_EQ(moved.rows, 4);
}

TEST_F(MoverTest, FoldersAreThoseOfTheTablesTimezone) {
  table_.timezone = TimeZone::Find("Asia/Kolkata").value();
  table_.partition = config::Partition::kDaily;
  source_.Append({At(1, "18:29"), At(2, "18:30")});
  EXPECT_THAT(IdsByFolder(Move(Window("00:00", "23:00"))),
              UnorderedElementsAre("dt=2026-01-01: 1", "dt=2026-01-02: 2"));
}

TEST_F(MoverTest, StartIsExclusiveAndEndInclusive) {
  source_.Append(
      {At(1, "01:00"), At(2, "01:00:00.000001"), At(3, "02:00"), At(4, "02:00:00.000001")});
  EXPECT_THAT(Ids(Move(Window("01:00", "02:00"))), ElementsAre(2, 3));
}

TEST_F(MoverTest, AdjoiningWindowsHoldEachRowOnce) {
  source_.Append({At(1, "01:00"), At(2, "02:00"), At(3, "03:00")});
  source_.Append({At(4, "02:00"), At(5, "02:30"), At(6, "01:30")});
  std::vector<int64_t> all;
  for (const auto& [start, end] :
       {std::pair("00:00", "01:00"), {"01:00", "02:00"}, {"02:00", "02:30"}, {"02:30", "03:00"}}) {
    for (const int64_t id : Ids(Move(Window(start, end)))) all.push_back(id);
  }
  std::sort(all.begin(), all.end());
  EXPECT_THAT(all, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST_F(MoverTest, NullWatermarksAreCountedAndNotExported) {
  source_.Append({At(1, "00:30"), Row{2}, Row{3}});
  source_.Append({Row{4}});                  // nothing but NULL: statistics tell
  source_.Append({At(5, "09:00"), Row{6}});  // outside of the window: statistics tell
  const TransferResult moved = Move(Window("00:00", "01:00"));
  EXPECT_THAT(Ids(moved), ElementsAre(1));
  EXPECT_EQ(moved.null_watermarks, 4);
}

TEST_F(MoverTest, NullsOutsideOfTheWindowAreCountedWithoutStatisticsToo) {
  source_.Append({At(1, "00:30"), Row{2}});
  source_.Append({At(3, "09:00"), Row{4}});
  plan::ExportTask task = Window("00:00", "01:00");
  auto& read = std::get<plan::WindowRead>(task.read);
  ASSERT_THAT(read.files, SizeIs(1));
  ASSERT_EQ(read.known_null_watermarks, 1);
  read.known_null_watermarks = 0;
  read.count_nulls = std::get<plan::WindowRead>(Window("08:00", "09:00").read)
                         .files;  // as if the log had told nothing of it
  EXPECT_EQ(Move(task).null_watermarks, 2);
}

TEST_F(MoverTest, EmptyWindowGivesNoFile) {
  source_.Append({At(1, "05:00")});
  const TransferResult moved = Move(Window("00:00", "01:00"));
  EXPECT_THAT(moved.files, IsEmpty());
  EXPECT_EQ(moved.row_hash, RowHashSum{});
}

TEST_F(MoverTest, RowsOfAPartitionBeyondTheTargetSizeAreSplitAndHeldOnce) {
  for (int64_t batch = 0; batch < 12; ++batch) {
    std::vector<Row> rows;
    for (int64_t id = batch * 4'000; id < (batch + 1) * 4'000; ++id) {
      rows.push_back(At(id, "00:30"));
      rows.back().text = fmt::format("{:x}", static_cast<uint64_t>(id) * 0x9E3779B97F4A7C15ULL);
    }
    source_.Append(rows);
  }
  plan::ExportTask task = Window("00:00", "01:00");
  task.target_file_bytes = 64 << 10;
  task.encoder.row_group_rows = 2'000;
  const TransferResult moved = Move(task);
  EXPECT_GT(moved.files.size(), 1u);
  // A row group more at most, and one holds no more than a file.
  for (const auto& file : moved.files) EXPECT_LE(file.upload.size, 2 * task.target_file_bytes);
  const auto ids = Ids(moved);
  ASSERT_THAT(ids, SizeIs(48'000));
  EXPECT_EQ(ids.back(), 47'999);
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

TEST_F(MoverTest, FewOpenFilesAndLittleMemoryChangeNoRow) {
  std::vector<Row> rows;
  for (int64_t id = 0; id < 5'000; ++id) {
    rows.push_back(Row{id, kDay.micros + Minutes(1 + id * 37 % (24 * 60)).micros, "text"});
  }
  source_.Append(rows);
  const plan::ExportTask task = Window("00:00", "24:00");
  const TransferResult wide = Move(task);
  limits_.max_open_files = 2;
  limits_.memory_bytes = 1 << 20;
  destination_ = testing::MakeMemoryStore();
  const TransferResult narrow = Move(task);
  EXPECT_EQ(narrow.row_hash, wide.row_hash);
  EXPECT_EQ(Ids(narrow).size(), 5'000u);
}

TEST_F(MoverTest, VisitGivesTheRowsAndTheHashOfMoveAndWritesNothing) {
  source_.Append({At(1, "00:10"), At(2, "01:10"), Row{3}});
  source_.Delete([](const Row& row) { return row.id == 1; });
  source_.Append({At(4, "00:20"), At(5, "00:20")});
  const plan::ExportTask task = Window("00:00", "02:00");
  std::mutex mutex;
  RowHashSum visited;
  const auto seen =
      MoverOf().Visit(task,
                      [&](const arrow::RecordBatch& rows, const std::string&) -> Status {
                        SLUICE_ASSIGN_OR_RETURN(const RowHashSum sum, columnar::SumRowHashes(rows));
                        const std::scoped_lock lock(mutex);
                        visited.Add(sum);
                        return {};
                      },
                      {});
  ASSERT_THAT(seen, IsOk());
  EXPECT_THAT(store::ListAll(*destination_, "").value(), IsEmpty());
  const TransferResult moved = Move(task);
  EXPECT_EQ(seen->rows, moved.rows);
  EXPECT_EQ(seen->null_watermarks, moved.null_watermarks);
  EXPECT_EQ(seen->row_hash, moved.row_hash);
  EXPECT_EQ(visited, moved.row_hash);
  EXPECT_THAT(seen->files, IsEmpty());
}

TEST_F(MoverTest, LateRowsAreWhatCameLessWhatTheSameCommitRemoved) {
  source_.Append({At(1, "00:10"), At(2, "00:20")});
  const Version exported = source_.version();
  source_.Append({At(3, "00:30"), At(3, "00:30"), At(4, "05:00")});
  source_.Update([](const Row& row) { return row.id == 1; }, "changed");
  source_.Delete([](const Row& row) { return row.id == 2; });
  source_.Optimize();
  const TransferResult late = Move(Late("00:00", "01:00", exported));
  EXPECT_THAT(Ids(late), ElementsAre(3, 3)) << "a row that came twice is late twice";
}

TEST_F(MoverTest, EmptySnapshotIsOneFile) {
  source_.Append({At(1, "00:10")});
  source_.Delete([](const Row&) { return true; });
  const TransferResult moved = Move(WholeTable());
  ASSERT_THAT(moved.files, SizeIs(1));
  EXPECT_EQ(moved.rows, 0);
  EXPECT_EQ(moved.files[0].partition, "snapshot_ts=2026-01-01T00-00-00Z");
  EXPECT_EQ(ReadFile(moved.files[0].upload.key)->num_columns(), 3);
}

TEST_F(MoverTest, ChangesGoToTheDatesOfTheirCommits) {
  source_.At(kDay + Hours(1)).Append({At(1, "00:10"), At(2, "00:20")});
  const Version first = source_.version();
  source_.At(kDay + Hours(26)).Update([](const Row& row) { return row.id == 1; }, "changed");
  source_.At(kDay + Hours(27)).Delete([](const Row& row) { return row.id == 2; });
  const TransferResult moved = Move(Feed(first));
  EXPECT_THAT(IdsByFolder(moved), UnorderedElementsAre("_commit_date=2026-01-01: 1 2",
                                                       "_commit_date=2026-01-02: 1 1 2"));
  EXPECT_EQ(moved.newest_commit, kDay + Hours(27));
}

}  // namespace
}  // namespace sluice::transfer
