#include "sluice/transfer/partition_sink.h"

#include <gmock/gmock.h>

#include <string>
#include <thread>

#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"
#include "sluice/transfer/rows_fixture.h"

namespace sluice::transfer {
namespace {

using ::testing::ElementsAre;
using testing::Fault;
using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::SizeIs;

constexpr int64_t kHour = Hours(1).micros;

class PartitionSinkTest : public ::testing::Test {
 protected:
  PartitionSinkTest() {
    options_.schema = IdSchema();
    options_.data_folder = "events_incremental/";
    options_.n = 7;
    options_.attempt = "0123456789abcdef";
    options_.target_file_bytes = 1 << 20;
    options_.row_group_bytes = 1 << 20;
    options_.max_open_files = 4;
    for (int64_t hour = 0; hour < 10; ++hour) index_.SpanOf(Timestamp{hour * kHour});
  }

  PartitionSink& Sink() {
    if (!sink_)
      sink_ = std::make_unique<PartitionSink>(*store_, index_, budget_, options_, progress_);
    return *sink_;
  }
  /// `count` rows to each of `partitions`.
  Status Add(int64_t count, const std::vector<int>& partitions) {
    const auto rows = static_cast<int64_t>(partitions.size()) * count;
    std::vector<transfer::Run> runs;
    for (const int partition : partitions) {
      runs.push_back({partition, static_cast<int64_t>(runs.size()) * count, count});
    }
    return Sink().Add(std::make_shared<const StagedRows>(IdBatch(0, rows), rows * 8, &budget_),
                      runs);
  }
  std::vector<ExportedFile> Finish() {
    EXPECT_THAT(Sink().CloseAll(2, {}), IsOk());
    return Sink().TakeFiles();
  }
  /// "hour: rows" of each file.
  static std::vector<std::string> Told(const std::vector<ExportedFile>& files) {
    std::vector<std::string> told;
    for (const auto& file : files)
      told.push_back(file.partition.substr(14) + ": " + std::to_string(file.rows));
    return told;
  }
  std::vector<store::PendingUploadInfo> Uploads() {
    std::vector<store::PendingUploadInfo> found;
    EXPECT_THAT(store_->ListUploads("",
                                    [&](const auto& upload) {
                                      found.push_back(upload);
                                      return true;
                                    }),
                IsOk());
    return found;
  }
  /// Every StartUpload of a file in `folder` fails.
  void BreakUploadsIn(const std::string& folder) {
    store_ = std::make_shared<testing::FaultyStore>(
        testing::MakeMemoryStore(),
        [folder](int, std::string_view operation, const store::Key& key) {
          const bool breaks = operation == "StartUpload" && key.find(folder) != store::Key::npos;
          return breaks ? Fault::kFailBefore : Fault::kNone;
        });
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
  PartitionIndex index_{plan::Partitioning{plan::Partitioning::Kind::kHour, TimeZone::Utc(), ""}};
  MemoryBudget budget_{1 << 30};
  SinkOptions options_;
  Progress progress_;
  std::unique_ptr<PartitionSink> sink_;
};

TEST_F(PartitionSinkTest, EachPartitionGetsOneFileWithAllItsRows) {
  ASSERT_THAT(Add(10, {0, 1}), IsOk());
  ASSERT_THAT(Add(5, {1, 2}), IsOk());
  EXPECT_THAT(Told(Finish()), ElementsAre("hr=00: 10", "hr=01: 15", "hr=02: 5"));
  EXPECT_EQ(budget_.used(), 0);
}

TEST_F(PartitionSinkTest, FilesLieInTheFolderOfTheirPartitionAndNothingIsVisible) {
  ASSERT_THAT(Add(1, {3}), IsOk());
  const auto files = Finish();
  ASSERT_THAT(files, SizeIs(1));
  EXPECT_EQ(files[0].upload.key,
            "events_incremental/dt=1970-01-01/hr=03/"
            "sluice-00000007-0123456789abcdef-00000.parquet");
  EXPECT_THAT(store::ListAll(*store_, "").value(), IsEmpty());
}

TEST_F(PartitionSinkTest, AFileOfTheTargetSizeIsFinished) {
  options_.row_group_bytes = 8'000;
  options_.target_file_bytes = 1;
  for (int i = 0; i < 3; ++i) ASSERT_THAT(Add(1'000, {0}), IsOk());
  EXPECT_THAT(Told(Finish()), ElementsAre("hr=00: 1000", "hr=00: 1000", "hr=00: 1000"));
}

TEST_F(PartitionSinkTest, PartitionsThatNoRowCanReachAreFinishedEarly) {
  ASSERT_THAT(Add(10, {0, 1, 2}), IsOk());
  ASSERT_THAT(Sink().CloseBefore(2 * kHour), IsOk());
  EXPECT_EQ(budget_.used(), 30 * 8) << "the batch lives for as long as one of its pieces";
  EXPECT_THAT(Told(Sink().TakeFiles()), ElementsAre("hr=00: 10", "hr=01: 10"));
}

TEST_F(PartitionSinkTest, TheFileIdleLongestMakesRoomForAnother) {
  options_.max_open_files = 2;
  options_.row_group_bytes = 8;
  for (const int partition : {0, 1, 2, 0}) ASSERT_THAT(Add(10, {partition}), IsOk());
  EXPECT_THAT(Told(Finish()), ElementsAre("hr=00: 10", "hr=00: 10", "hr=01: 10", "hr=02: 10"));
}

TEST_F(PartitionSinkTest, RowsBeyondTheBudgetAreWrittenAtOnce) {
  MemoryBudget tight(100);
  PartitionSink sink(*store_, index_, tight, options_, progress_);
  auto rows = std::make_shared<const StagedRows>(IdBatch(0, 100), 800, &tight);
  ASSERT_THAT(sink.Add(std::move(rows), {{0, 0, 50}, {1, 50, 50}}), IsOk());
  EXPECT_LE(tight.used(), tight.limit());
  EXPECT_GT(progress_.bytes_written.load(), 0);
}

TEST_F(PartitionSinkTest, AnEmptyFileIsWrittenOnlyWhereThereIsNone) {
  ASSERT_THAT(Sink().CloseAll(1, {}), IsOk());
  ASSERT_THAT(Sink().EnsureOneFile(4), IsOk());
  ASSERT_THAT(Sink().EnsureOneFile(5), IsOk());
  EXPECT_THAT(Told(Sink().TakeFiles()), ElementsAre("hr=04: 0"));
}

TEST_F(PartitionSinkTest, AbortLeavesNoUploadBehind) {
  options_.row_group_bytes = 8;
  ASSERT_THAT(Add(10, {0, 1}), IsOk());
  ASSERT_THAT(Sink().CloseBefore(kHour), IsOk());
  ASSERT_THAT(Uploads(), SizeIs(2));
  Sink().Abort();
  EXPECT_THAT(Uploads(), IsEmpty());
}

TEST_F(PartitionSinkTest, TheFirstErrorStopsEveryLaterCall) {
  BreakUploadsIn("hr=01");
  options_.row_group_bytes = 8;
  EXPECT_THAT(Add(10, {0, 1}), HasMessage("injected"));
  EXPECT_THAT(Add(10, {2}), HasMessage("injected"));
  EXPECT_THAT(Sink().CloseAll(2, {}), HasMessage("injected"));
}

TEST_F(PartitionSinkTest, ThreadsLoseNoRowWhereFilesAndMemoryAreShort) {
  options_.max_open_files = 2;
  options_.row_group_bytes = 500;
  options_.encoding_threads = 2;
  budget_.Charge(1 << 30);  // whatever comes is too much
  Sink();
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) EXPECT_THAT(Add(10, {i % 5, (i + 1) % 5}), IsOk());
    });
  }
  for (auto& thread : threads) thread.join();
  int64_t rows = 0;
  for (const auto& file : Finish()) rows += file.rows;
  EXPECT_EQ(rows, 4 * 25 * 20);
}

}  // namespace
}  // namespace sluice::transfer
