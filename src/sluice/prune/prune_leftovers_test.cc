#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sluice/ledger/ledger_path.h"
#include "sluice/prune/prune.h"
#include "sluice/prune/prune_fixture.h"
#include "sluice/store/local/local_staging.h"
#include "sluice/store/local/local_store.h"
#include "sluice/testing/matchers.h"

namespace sluice::prune {
namespace {

namespace fs = std::filesystem;
using sluice::testing::IsOk;
using ::testing::UnorderedElementsAre;

constexpr std::string_view kRandom = "0123456789abcdef";

/// A local destination in which processes died, two days ago or right now.
class PruneLeftoversTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(root_);
    fs::create_directories(Staging());
  }
  void TearDown() override { fs::remove_all(root_); }

  fs::path Staging() const { return root_ / store::kLocalStagingFolder; }
  static void Write(const fs::path& file, bool old) {
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "12345";
    if (old) MakeOld(file);
  }
  static void MakeOld(const fs::path& path) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(48));
  }

  PruneReport Prune(bool dry_run = false) {
    auto config = std::make_shared<config::Config>();
    config->destination.url = root_.string();
    config->folder = "/";
    return PruneLeftovers(
        exporter::MakeServices(config, runtime::SystemClock(), runtime::CancelToken()), {dry_run});
  }
  std::vector<std::string> Left() const {
    std::vector<std::string> left;
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
      if (entry.is_regular_file()) left.push_back(fs::relative(entry.path(), root_).string());
    }
    return left;
  }

  const fs::path root_ = fs::path(::testing::TempDir()) / "sluice_prune_leftovers_test";
};

TEST_F(PruneLeftoversTest, OldTemporaryFilesAndProbesGoAndYoungOnesStay) {
  Write(Staging() / "put-old", true);
  Write(Staging() / "put-young", false);
  Write(root_ / ledger::ProbeKey(kRandom), true);
  Write(root_ / ledger::ProbeKey("fedcba9876543210"), false);
  Write(root_ / "_sluice/probe/note.txt", true);
  Write(root_ / "_export_state" / store::kLocalStagingFolder / "put-state", true);
  const PruneReport report = Prune();
  EXPECT_FALSE(report.error);
  EXPECT_EQ(report.removed.size(), 3);
  EXPECT_THAT(Left(), UnorderedElementsAre("_sluice/.staging/put-young", "_sluice/probe/note.txt",
                                           ledger::ProbeKey("fedcba9876543210")));
}

TEST_F(PruneLeftoversTest, AnUploadThatHasBytesIsLeftToTheNumberThatItBelongsTo) {
  const fs::path begun = Staging() / std::string(32, 'a'),
                 written = Staging() / std::string(32, 'b');
  Write(begun / "key", true);
  Write(written / "key", true);
  Write(written / "data", true);
  MakeOld(begun);
  MakeOld(written);
  EXPECT_EQ(Prune().removed.size(), 1);
  EXPECT_FALSE(fs::exists(begun));
  EXPECT_TRUE(fs::exists(written / "data"));
}

TEST_F(PruneLeftoversTest, UploadsToTheStateTableGoByAgeAndName) {
  const auto state = store::OpenLocalStore((root_ / "_export_state").string());
  const std::string ours = "part-00000-11111111-2222-3333-4444-555555555555.sluice.snappy.parquet";
  std::vector<fs::path> keys;
  for (const auto& name : {ours, std::string("part-00000-theirs.snappy.parquet")}) {
    auto upload = state->StartUpload(name);
    ASSERT_THAT(upload, IsOk());
    keys.push_back(root_ / "_export_state" / store::kLocalStagingFolder / (*upload)->upload_id() /
                   "key");
  }
  EXPECT_TRUE(Prune().removed.empty());
  for (const auto& key : keys) MakeOld(key);
  const PruneReport report = Prune();
  ASSERT_EQ(report.removed.size(), 1);
  EXPECT_EQ(report.removed[0].key, ours);
}

TEST_F(PruneLeftoversTest, DryRunLeavesThem) {
  Write(Staging() / "put-old", true);
  EXPECT_EQ(Prune(/*dry_run=*/true).removed.size(), 1);
  EXPECT_EQ(Left().size(), 1);
}

TEST_F(PruneLeftoversTest, ADestinationThatIsNotThereHasNone) {
  fs::remove_all(root_);
  const PruneReport report = Prune();
  EXPECT_FALSE(report.error);
  EXPECT_TRUE(report.removed.empty());
  EXPECT_FALSE(fs::exists(root_));
}

}  // namespace
}  // namespace sluice::prune
