#include "sluice/delta/snapshot/snapshot.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// Logs made by hand, for what no writer would write; good ones are in fixtures_test.
namespace sluice::delta {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

constexpr const char* kProtocol =
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]}})"
    "\n";
constexpr const char* kMetadata =
    R"({"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[{\"name\":\"n\",)"
    R"(\"type\":\"long\"},{\"name\":\"p\",\"type\":\"date\"}]}","partitionColumns":["p"]}})"
    "\n";

std::string Add(const std::string& path, int64_t n = 1, const std::string& dv = "") {
  return R"({"add":{"path":")" + path + R"(","partitionValues":{"p":"1970-01-02"},"size":10,)" +
         R"("stats":"{\"numRecords\":1,\"minValues\":{\"n\":)" + std::to_string(n) + "}}\"" +
         (dv.empty() ? ""
                     : R"(,"deletionVector":{"storageType":"i","pathOrInlineDv":")" + dv +
                           R"(","sizeInBytes":4,"cardinality":1})") +
         "}}\n";
}
std::string Remove(const std::string& path, const std::string& dv = "") {
  return R"({"remove":{"path":")" + path + R"(","deletionTimestamp":1)" +
         (dv.empty() ? ""
                     : R"(,"deletionVector":{"storageType":"i","pathOrInlineDv":")" + dv +
                           R"(","sizeInBytes":4,"cardinality":1})") +
         "}}\n";
}

class SnapshotTest : public ::testing::Test {
 protected:
  void Put(int64_t version, const std::string& text) {
    ASSERT_THAT(store_->Put(CommitKey(Version{version}), text), IsOk());
  }
  Result<Snapshot> Load(std::optional<int64_t> at = {}) {
    SnapshotOptions options;
    if (at) options.at = Version{*at};
    options.stats_columns = {"N", "p", "nowhere"};
    options.with_tombstones = true;
    return LoadSnapshot(Log(store_), options);
  }
  static std::vector<std::string> Paths(const Result<Snapshot>& snapshot) {
    std::vector<std::string> paths;
    for (const LiveFile& file : snapshot.value().files) paths.push_back(file.path);
    return paths;
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
};

TEST_F(SnapshotTest, CommitsThatAreLargeAreReadOneAfterAnother) {
  const std::string padding(size_t{9} << 20, ' ');
  Put(0, kProtocol + (kMetadata + padding) + "\n");
  for (int version = 1; version < 4; ++version) Put(version, Add("a") + padding + "\n");
  std::atomic<int> reading{0}, most{0};
  store_ = std::make_shared<testing::FaultyStore>(
      store_, [&](int, std::string_view operation, const store::Key& key) {
        if (operation != "Get" || !key.ends_with(".json")) return testing::Fault::kNone;
        most = std::max<int>(most, ++reading);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        --reading;
        return testing::Fault::kNone;
      });
  EXPECT_THAT(Load(), IsOk());
  EXPECT_EQ(most, 1);
}

TEST_F(SnapshotTest, NewestReferenceToAFileCounts) {
  Put(0, std::string(kProtocol) + kMetadata + Add("a") + Add("b"));
  Put(1, Remove("a") + Add("c"));
  Put(2, Add("a", 7) + Remove("b"));
  EXPECT_THAT(Paths(Load(0)), ElementsAre("a", "b"));
  EXPECT_THAT(Paths(Load(1)), ElementsAre("b", "c"));
  const auto latest = Load();
  EXPECT_THAT(Paths(latest), ElementsAre("c", "a"));
  EXPECT_EQ(latest->version, Version{2});
  EXPECT_EQ(latest->num_files, 2);
  EXPECT_EQ(latest->total_bytes, 20);
  ASSERT_EQ(latest->tombstones.size(), 1u);
  EXPECT_EQ(latest->tombstones[0].path, "b");
  EXPECT_EQ(latest->files[1].stats.columns[0].min, StatisticValue(int64_t{7}));
}

TEST_F(SnapshotTest, SameFileWithAnotherVectorIsAnotherLogicalFile) {
  Put(0, std::string(kProtocol) + kMetadata + Add("a"));
  Put(1, Remove("a") + Add("a", 1, "00000"));
  Put(2, Remove("a", "00000") + Add("a", 1, "00001"));
  const auto snapshot = Load();
  ASSERT_THAT(Paths(snapshot), ElementsAre("a"));
  EXPECT_EQ(snapshot->files[0].deletion_vector->path_or_inline_dv, "00001");
  EXPECT_EQ(snapshot->tombstones.size(), 2u);
}

TEST_F(SnapshotTest, CompactedLogsSaveReads) {
  Put(0, std::string(kProtocol) + kMetadata + Add("a"));
  Put(1, Add("b"));
  Put(2, Remove("a") + Add("c"));
  Put(3, Add("d"));
  const auto put = [&](int64_t first, int64_t last, const std::string& text) {
    ASSERT_THAT(store_->Put(CompactedKey(Version{first}, Version{last}), text), IsOk());
  };
  put(1, 2, Add("b") + Remove("a") + Add("compacted"));
  EXPECT_THAT(Paths(Load()), ElementsAre("b", "compacted", "d"));
  EXPECT_THAT(Paths(Load(1)), ElementsAre("a", "b"));  // it ends too late
  put(1, 3, Add("b") + Remove("a") + Add("longer") + Add("d"));
  EXPECT_THAT(Paths(Load()), ElementsAre("b", "longer", "d"));
  EXPECT_THAT(Paths(Load(2)), ElementsAre("b", "compacted"));
  put(1, 3, "torn {");
  EXPECT_THAT(Paths(Load()), ElementsAre("b", "c", "d"));
}

TEST_F(SnapshotTest, ACompactedLogDoesNotStandForACommitThatIsMissing) {
  Put(0, std::string(kProtocol) + kMetadata);
  Put(2, Add("b"));
  ASSERT_THAT(store_->Put(CompactedKey(Version{1}, Version{2}), Add("b")), IsOk());
  EXPECT_THAT(Load(), IsError(ErrorKind::kCorrupt));
}

TEST_F(SnapshotTest, PartitionColumnsGetTheirBoundsFromThePartitionValues) {
  Put(0, std::string(kProtocol) + kMetadata + Add("a"));
  const auto snapshot = Load();
  ASSERT_THAT(snapshot, IsOk());
  const FileStatistics& stats = snapshot->files.at(0).stats;
  ASSERT_EQ(stats.columns.size(), 3u);
  EXPECT_EQ(stats.columns[1].min, StatisticValue(int64_t{1}));
  EXPECT_EQ(stats.columns[1].max, StatisticValue(int64_t{1}));
  EXPECT_EQ(stats.columns[1].null_count, 0);
  EXPECT_EQ(stats.columns[2].min, StatisticValue());
}

TEST_F(SnapshotTest, StatisticsThatWereMadeLongCountAsAbsent) {
  const std::string padding(kMostStatisticsBytes, ' ');
  std::string add = Add("a");
  Put(0, std::string(kProtocol) + kMetadata + add.insert(add.find(R"({\"numRecords)"), padding));
  const auto snapshot = Load();
  ASSERT_THAT(Paths(snapshot), ElementsAre("a"));
  EXPECT_FALSE(snapshot->files[0].stats.num_records);
  EXPECT_EQ(snapshot->files[0].stats.columns.at(0).min, StatisticValue());
}

TEST_F(SnapshotTest, LatestTransactionAndDomainCount) {
  Put(0, std::string(kProtocol) + kMetadata +
             R"({"txn":{"appId":"a","version":1}})"
             "\n"
             R"({"domainMetadata":{"domain":"d","configuration":"x","removed":false}})"
             "\n"
             R"({"domainMetadata":{"domain":"e","configuration":"y","removed":false}})");
  Put(1, R"({"txn":{"appId":"a","version":9}})"
         "\n"
         R"({"domainMetadata":{"domain":"d","configuration":"","removed":true}})");
  const auto snapshot = Load();
  ASSERT_THAT(snapshot, IsOk());
  EXPECT_EQ(snapshot->transactions.at("a").version, 9);
  EXPECT_EQ(snapshot->domains.size(), 1u);
  EXPECT_EQ(snapshot->domains.count("e"), 1u);
}

TEST_F(SnapshotTest, LongLogWithoutCheckpointIsReplayedWhole) {
  Put(0, std::string(kProtocol) + kMetadata);
  for (int64_t v = 1; v <= 100; ++v) Put(v, Add("f" + std::to_string(v)));
  const auto snapshot = Load();
  EXPECT_EQ(snapshot->num_files, 100);
  EXPECT_EQ(snapshot->files[0].path, "f1");
  EXPECT_EQ(snapshot->files[99].path, "f100");
  EXPECT_EQ(Load(40)->num_files, 40);
}

TEST_F(SnapshotTest, HoleInTheLogIsCorruptAndNamed) {
  Put(0, std::string(kProtocol) + kMetadata);
  Put(1, Add("a"));
  Put(3, Add("b"));
  EXPECT_THAT(Load(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Load(), HasMessage("version 2"));
  EXPECT_THAT(Load(1), IsOk());
}

TEST_F(SnapshotTest, NothingThereIsNoTable) {
  EXPECT_THAT(Load(), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(Load(0), IsError(ErrorKind::kNotFound));
}

TEST_F(SnapshotTest, VersionBeyondTheLatestIsNotFound) {
  Put(0, std::string(kProtocol) + kMetadata);
  EXPECT_THAT(Load(1), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(Load(1), HasMessage("latest is 0"));
  EXPECT_THAT(Load(-1), IsError(ErrorKind::kNotFound));
}

TEST_F(SnapshotTest, CleanedUpBeginningWithoutACheckpointIsGone) {
  Put(5, Add("a"));
  EXPECT_THAT(Load(), IsError(ErrorKind::kSourceGone));
}

TEST_F(SnapshotTest, LogWithoutProtocolOrMetadataIsCorrupt) {
  Put(0, kProtocol);
  EXPECT_THAT(Load(), HasMessage("no metaData action"));
  Put(0, kMetadata);
  EXPECT_THAT(Load(), HasMessage("no protocol action"));
}

TEST_F(SnapshotTest, TornCommitIsCorruptAndNamed) {
  Put(0, std::string(kProtocol) + kMetadata);
  Put(1, R"({"add":{"path":"a","partit)");
  EXPECT_THAT(Load(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Load(), HasMessage("00000000000000000001.json, line 1"));
  Put(1, "");
  EXPECT_THAT(Load(), HasMessage("an empty commit file"));
}

TEST_F(SnapshotTest, DamagedCheckpointIsPassedOverWhileEveryCommitIsThere) {
  Put(0, std::string(kProtocol) + kMetadata + Add("a"));
  Put(1, Add("b"));
  Put(2, Add("c"));
  ASSERT_THAT(store_->Put(CheckpointKey(Version{1}), "no parquet"), IsOk());
  ASSERT_THAT(store_->Put(LastCheckpointKey(), R"({"version":1,"size":3})"), IsOk());
  const auto snapshot = Load();
  EXPECT_THAT(Paths(snapshot), ElementsAre("a", "b", "c"));
  EXPECT_FALSE(snapshot->checkpoint);
}

TEST_F(SnapshotTest, DamagedCheckpointIsTheErrorWhereCommitsBeforeItAreGone) {
  Put(2, Add("c"));
  ASSERT_THAT(store_->Put(CheckpointKey(Version{1}), ""), IsOk());
  EXPECT_THAT(Load(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(Load(), HasMessage("checkpoint.parquet"));
}

TEST_F(SnapshotTest, UnsupportedFeatureIsRefusedEvenWhereItsTypeIsUnknown) {
  Put(0,
      std::string(
          R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["fromTheFuture"]}})"
          "\n") +
          R"({"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[)"
          R"({\"name\":\"v\",\"type\":\"variant\"}]}","partitionColumns":[]}})");
  EXPECT_THAT(Load(), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(Load(), HasMessage("fromTheFuture"));
}

TEST_F(SnapshotTest, OldSchemaThatCannotBeReadDoesNoHarm) {
  Put(0, std::string(kProtocol) +
             R"({"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[)"
             R"({\"name\":\"v\",\"type\":\"variant\"}]}","partitionColumns":[]}})");
  Put(1, kMetadata);
  EXPECT_THAT(Load(), IsOk());
}

TEST_F(SnapshotTest, CommittedIsTheInCommitTimestampWhereTheTableKeepsIt) {
  std::string metadata = kMetadata;
  Put(0, std::string(kProtocol) + kMetadata);
  const Timestamp modified = store_->Head(CommitKey(Version{0}))->modified;
  EXPECT_EQ(Load()->committed, modified);
  metadata.insert(metadata.find("\"id\""),
                  R"("configuration":{"delta.enableInCommitTimestamps":"true"},)");
  Put(1, R"({"commitInfo":{"inCommitTimestamp":1234}})"
         "\n" +
             metadata);
  EXPECT_EQ(Load()->committed.micros, 1'234'000);
}

TEST_F(SnapshotTest, WithoutFilesTheRestIsThere) {
  Put(0, std::string(kProtocol) + kMetadata + Add("a") + R"({"txn":{"appId":"a","version":1}})");
  SnapshotOptions options;
  options.with_files = false;
  const auto snapshot = LoadSnapshot(Log(store_), options);
  ASSERT_THAT(snapshot, IsOk());
  EXPECT_TRUE(snapshot->files.empty());
  EXPECT_EQ(snapshot->metadata.id, "i");
  EXPECT_EQ(snapshot->transactions.size(), 1u);
}

}  // namespace
}  // namespace sluice::delta
