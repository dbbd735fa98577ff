#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/columnar/parquet_by_hand_fixture.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

/// v2 checkpoints that are damaged, or that somebody made by hand; good ones are in fixtures_test and in
/// tests/differential/test_checkpoints_v2.py.
namespace sluice::delta {
namespace {

using columnar::Group;
using columnar::Leaf;
using columnar::Repeat;
using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

constexpr auto kBytes = parquet::Type::BYTE_ARRAY;
constexpr const char* kState =
    R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"]}})"
    "\n"
    R"({"metaData":{"id":"i","schemaString":"{\"type\":\"struct\",\"fields\":[]}"}})"
    "\n";

std::string Add(const std::string& path) {
  return R"({"add":{"path":")" + path + R"(","partitionValues":{},"size":10}})" + "\n";
}
std::string OfVersion(int64_t version) {
  return R"({"checkpointMetadata":{"version":)" + std::to_string(version) + "}}\n";
}
std::string Sidecar(const std::string& path) {
  return R"({"sidecar":{"path":")" + path + R"(","sizeInBytes":1,"modificationTime":1}})" + "\n";
}
store::Key Named(int64_t version, const std::string& name = "11111111-7026") {
  std::string key = CheckpointKey(Version{version});
  return key.replace(key.size() - 7, 7, name + ".json");
}

/// A sidecar with one add for each of `paths`.
std::string SidecarBytes(const std::vector<std::string>& paths) {
  const columnar::NodeVector columns = {
      Group("add", Repeat::OPTIONAL,
            {Leaf("path", Repeat::REQUIRED, kBytes),
             Leaf("size", Repeat::REQUIRED, parquet::Type::INT64)})};
  columnar::LeafData names = columnar::Texts(paths);
  columnar::LeafData sizes = columnar::Numbers(std::vector<int64_t>(paths.size(), 10));
  for (auto* leaf : {&names, &sizes}) {
    leaf->definition = std::vector<int16_t>(paths.size(), 1);
    leaf->repetition = std::vector<int16_t>(paths.size(), 0);
  }
  return columnar::BytesByHand(columns, {names, sizes});
}

/// Version 2 with a checkpoint, without the commits that led to it; version 3 adds "new".
class CheckpointV2Test : public ::testing::Test {
 protected:
  void SetUp() override { Put(CommitKey(Version{3}), Add("new")); }
  void Put(const store::Key& key, const std::string& bytes) {
    ASSERT_THAT(store_->Put(key, bytes), IsOk());
  }
  Result<Snapshot> Load() { return LoadSnapshot(Log(store_), {}); }
  static std::vector<std::string> Paths(const Result<Snapshot>& snapshot) {
    std::vector<std::string> paths;
    for (const LiveFile& file : snapshot.value().files) paths.push_back(file.path);
    return paths;
  }
  void ExpectCorrupt(const std::string& message) {
    EXPECT_THAT(Load(), IsError(ErrorKind::kCorrupt)) << message;
    EXPECT_THAT(Load(), HasMessage(message));
  }

  std::shared_ptr<store::ObjectStore> store_ = testing::MakeMemoryStore();
};

TEST_F(CheckpointV2Test, FilesLieInTheTopLevelAndInSidecars) {
  Put(Named(2), OfVersion(2) + kState + Add("top") + Sidecar("s1.parquet") + Sidecar("s2.parquet"));
  Put(SidecarKey("s1.parquet"), SidecarBytes({"a", "b"}));
  Put(SidecarKey("s2.parquet"), SidecarBytes({"c"}));
  const auto snapshot = Load();
  EXPECT_THAT(Paths(snapshot), ElementsAre("top", "a", "b", "c", "new"));
  EXPECT_EQ(snapshot->checkpoint, Version{2});
  EXPECT_EQ(snapshot->total_bytes, 50);
}

TEST_F(CheckpointV2Test, ManySidecarsAreReadInTheirOrder) {
  std::string top = OfVersion(2) + kState;
  std::vector<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string name = "s" + std::to_string(i);
    top += Sidecar(name);
    Put(SidecarKey(name), SidecarBytes({name + "a", name + "b"}));
    expected.insert(expected.end(), {name + "a", name + "b"});
  }
  expected.emplace_back("new");
  Put(Named(2), top);
  EXPECT_EQ(Paths(Load()), expected);
}

TEST_F(CheckpointV2Test, ASidecarIsFoundHoweverItsPathIsSpelled) {
  Put(SidecarKey("s.parquet"), SidecarBytes({"a"}));
  const std::string root = store_->DisplayName("");
  for (const std::string& path :
       {std::string("s.parquet"), std::string("%73.parquet"),
        std::string("_delta_log/_sidecars/s.parquet"), root + SidecarKey("s.parquet")}) {
    Put(Named(2), OfVersion(2) + kState + Sidecar(path));
    EXPECT_THAT(Paths(Load()), ElementsAre("a", "new")) << path;
  }
}

TEST_F(CheckpointV2Test, ASidecarElsewhereIsNotRead) {
  Put("s.parquet", SidecarBytes({"a"}));
  for (const char* path : {"../s.parquet", "_delta_log/_sidecars/../../s.parquet", "./a/s.parquet",
                           "file:///etc/passwd", "s3://other/_delta_log/_sidecars/s.parquet", "",
                           "..", "%2e%2e/s.parquet", "_delta_log/_sidecars/"}) {
    Put(Named(2), OfVersion(2) + kState + Sidecar(path));
    ExpectCorrupt("does not lie in _delta_log/_sidecars/");
  }
}

TEST_F(CheckpointV2Test, AMissingSidecarIsNamed) {
  Put(Named(2), OfVersion(2) + kState + Sidecar("s.parquet"));
  ExpectCorrupt("its sidecar");
  ExpectCorrupt("_sidecars/s.parquet does not exist");
}

TEST_F(CheckpointV2Test, WhereASidecarIsMissingAnotherCheckpointOrTheCommitsAreRead) {
  Put(Named(2), OfVersion(2) + kState + Sidecar("s.parquet"));
  Put(Named(2, "00000000-7026"), OfVersion(2) + kState + Add("a"));
  EXPECT_THAT(Paths(Load()), ElementsAre("a", "new"));
  ASSERT_THAT(store_->Delete(Named(2, "00000000-7026")), IsOk());
  Put(CommitKey(Version{0}), kState + Add("b"));
  Put(CommitKey(Version{1}), Add("c"));
  Put(CommitKey(Version{2}), Add("d"));
  const auto snapshot = Load();
  EXPECT_THAT(Paths(snapshot), ElementsAre("b", "c", "d", "new"));
  EXPECT_FALSE(snapshot->checkpoint);
}

TEST_F(CheckpointV2Test, AnIncompleteCheckpointBesideItDoesNotCount) {
  Put(Named(2), OfVersion(2) + kState + Add("a"));
  Put("_delta_log/00000000000000000002.checkpoint.0000000001.0000000002.parquet", "half");
  EXPECT_THAT(Paths(Load()), ElementsAre("a", "new"));
}

TEST_F(CheckpointV2Test, ItsVersionIsThatOfItsName) {
  Put(Named(2), OfVersion(1) + kState + Add("a"));
  ExpectCorrupt("says that it is of version 1");
  Put(Named(2), kState + Add("a"));
  ExpectCorrupt("without checkpointMetadata");
}

TEST_F(CheckpointV2Test, OneFileTwiceIsCorrupt) {
  Put(SidecarKey("s1"), SidecarBytes({"a", "b"}));
  Put(SidecarKey("s2"), SidecarBytes({"c", "./a"}));
  Put(Named(2), OfVersion(2) + kState + Sidecar("s1") + Sidecar("s2"));
  ExpectCorrupt("holds the file './a' twice");
  Put(Named(2), OfVersion(2) + kState + Sidecar("s1") + Sidecar("./s1"));
  ExpectCorrupt("names the sidecar './s1' twice");
}

TEST_F(CheckpointV2Test, TooManySidecarsAreRefused) {
  std::string top = OfVersion(2) + kState;
  for (size_t i = 0; i <= kMostCheckpointFiles; ++i) top += Sidecar("s" + std::to_string(i));
  Put(Named(2), top);
  ExpectCorrupt("more than 10000 sidecars");
}

TEST_F(CheckpointV2Test, TooManyPartsAreRefused) {
  for (size_t i = 1; i <= kMostCheckpointFiles + 1; ++i) {
    Put(fmt::format("_delta_log/{:020}.checkpoint.{:010}.{:010}.parquet", 2, i,
                    kMostCheckpointFiles + 1),
        "");
  }
  ExpectCorrupt("a checkpoint of 10001 parts");
}

TEST_F(CheckpointV2Test, MoreRowsThanBytesAreRefused) {
  Put(SidecarKey("s"), SidecarBytes(std::vector<std::string>(100'000, "a")));
  Put(Named(2), OfVersion(2) + kState + Sidecar("s"));
  ExpectCorrupt("100000 rows in");
}

TEST_F(CheckpointV2Test, WhatIsNoCheckpointIsCorruptAndNamed) {
  for (const char* text : {"", "{", "[]", "{\"sidecar\":{}}", "PAR1"}) {
    Put(Named(2), text);
    EXPECT_THAT(Load(), IsError(ErrorKind::kCorrupt)) << text;
    EXPECT_THAT(Load(), HasMessage("checkpoint.11111111-7026.json"));
  }
  Put(Named(2), OfVersion(2));
  ExpectCorrupt("a checkpoint without protocol");
}

}  // namespace
}  // namespace sluice::delta
