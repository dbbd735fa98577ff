#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/columnar/parquet_by_hand_fixture.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// Files that statistics or partition values show to be of no use are left out of a snapshot.
namespace sluice::delta {
namespace {

using columnar::Group;
using columnar::Leaf;
using columnar::Repeat;
using ::testing::ElementsAre;
using testing::IsOk;

constexpr auto kBytes = parquet::Type::BYTE_ARRAY;

/// The head of a v2 checkpoint in JSON of version 2, with one sidecar "s".
std::string Head(const std::string& partition_columns) {
  return R"({"checkpointMetadata":{"version":2}})"
         "\n"
         R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"]}})"
         "\n"
         R"({"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"n\",)"
         R"(\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}","partitionColumns":[)" +
         partition_columns +
         "]}}\n"
         R"({"sidecar":{"path":"s","sizeInBytes":1,"modificationTime":1}})"
         "\n";
}

std::string Stats(int64_t max, int64_t nulls = 0) {
  return fmt::format(
      R"({{"numRecords":10,"minValues":{{"n":0}},"maxValues":{{"n":{}}},"nullCount":{{"n":{}}}}})",
      max, nulls);
}

/// A sidecar with one add of 10 bytes for each pair of path and statistics.
std::string Sidecar(const std::vector<std::pair<std::string, std::string>>& files) {
  const columnar::NodeVector columns = {Group(
      "add", Repeat::OPTIONAL,
      {Leaf("path", Repeat::REQUIRED, kBytes), Leaf("size", Repeat::REQUIRED, parquet::Type::INT64),
       Leaf("stats", Repeat::REQUIRED, kBytes)})};
  std::vector<std::string> paths, stats;
  for (const auto& [path, text] : files) {
    paths.push_back(path);
    stats.push_back(text);
  }
  columnar::LeafData leaves[] = {columnar::Texts(paths),
                                 columnar::Numbers(std::vector<int64_t>(files.size(), 10)),
                                 columnar::Texts(stats)};
  for (auto& leaf : leaves) {
    leaf.definition = std::vector<int16_t>(files.size(), 1);
    leaf.repetition = std::vector<int16_t>(files.size(), 0);
  }
  return columnar::BytesByHand(columns, {leaves[0], leaves[1], leaves[2]});
}

class LeaveOutTest : public ::testing::Test {
 protected:
  void Put(const store::Key& key, const std::string& bytes) {
    ASSERT_THAT(store_->Put(key, bytes), IsOk());
  }
  void PutCheckpoint(const std::string& head, const std::string& sidecar) {
    std::string key = CheckpointKey(Version{2});
    Put(key.replace(key.size() - 7, 7, "11111111-7026.json"), head);
    Put(SidecarKey("s"), sidecar);
    Put(CommitKey(Version{2}), "{\"commitInfo\":{}}\n");
  }
  /// Without the files whose n is at most 100.
  Snapshot Load() {
    SnapshotOptions options;
    options.stats_columns = {"n"};
    options.leave_out = [](const Field& column, const StatisticValue& max) {
      EXPECT_EQ(column.name, "n");
      const auto* number = std::get_if<int64_t>(&max);
      return number != nullptr && *number <= 100;
    };
    auto snapshot = LoadSnapshot(Log(store_), options);
    EXPECT_THAT(snapshot, IsOk());
    return std::move(snapshot).value_or(Snapshot());
  }
  static std::vector<std::string> Paths(const Snapshot& snapshot) {
    std::vector<std::string> paths;
    for (const LiveFile& file : snapshot.files) paths.push_back(file.path);
    return paths;
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
};

TEST_F(LeaveOutTest, OnlyWhatStatisticsProve) {
  PutCheckpoint(Head(""), Sidecar({{"old", Stats(100)},
                                   {"new", Stats(101)},
                                   {"unknown", ""},
                                   {"broken", "{"},
                                   {"nulls", Stats(7, 3)}}));
  const Snapshot snapshot = Load();
  EXPECT_THAT(Paths(snapshot), ElementsAre("new", "unknown", "broken", "nulls"));
  EXPECT_EQ(snapshot.left_out, 1);
  EXPECT_EQ(snapshot.num_files, 5);
  EXPECT_EQ(snapshot.total_bytes, 50);
}

TEST_F(LeaveOutTest, FilesThatACommitRemovedAreNotCounted) {
  PutCheckpoint(Head(""), Sidecar({{"old", Stats(1)}, {"older", Stats(1)}}));
  Put(CommitKey(Version{3}), R"({"remove":{"path":"./old","dataChange":true}})"
                             "\n"
                             R"({"add":{"path":"added","partitionValues":{},"size":5}})"
                             "\n");
  const Snapshot snapshot = Load();
  EXPECT_THAT(Paths(snapshot), ElementsAre("added"));
  EXPECT_EQ(snapshot.left_out, 1);
  EXPECT_EQ(snapshot.total_bytes, 15);
}

TEST_F(LeaveOutTest, APartitionValueSaysMoreThanStatistics) {
  PutCheckpoint(Head("\"n\"") + R"({"add":{"path":"x","partitionValues":{"n":"7"},"size":10}})" +
                    "\n" + R"({"add":{"path":"y","partitionValues":{"n":"700"},"size":10}})" +
                    "\n" + R"({"add":{"path":"z","partitionValues":{"n":null},"size":10}})" + "\n",
                Sidecar({{"w", Stats(101)}}));
  const Snapshot snapshot = Load();
  EXPECT_THAT(Paths(snapshot), ElementsAre("y", "z", "w"));
  EXPECT_EQ(snapshot.left_out, 1);
}

}  // namespace
}  // namespace sluice::delta
