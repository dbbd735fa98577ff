#include "sluice/store/local/local_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "sluice/store/local/local_staging.h"
#include "sluice/store/local/posix_file.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"
#include "sluice/testing/store_contract.h"

namespace sluice {
namespace {

namespace fs = std::filesystem;

/// An empty folder that goes with the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "sluice-store-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::permissions(path_, fs::perms::owner_all, ignored);
    fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::shared_ptr<store::ObjectStore> OpenEmptyLocalStore() {
  auto folder = std::make_shared<TemporaryFolder>();
  const auto opened = store::OpenLocalStore(folder->path() + "/not/yet/there");
  // The folder lives as long as the store.
  return {opened.get(), [folder, opened](auto*) {}};
}

}  // namespace

namespace testing {

INSTANTIATE_TEST_SUITE_P(All, StoreContract,
                         ::testing::Values(StoreUnderTest{"Memory", MakeMemoryStore},
                                           StoreUnderTest{"Local",
                                                          OpenEmptyLocalStore,
                                                          {.names_are_files_or_folders = true}}),
                         NameOfStore);

}  // namespace testing

namespace store {
namespace {

using sluice::testing::HasMessage;
using sluice::testing::IsError;
using sluice::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LocalStoreTest : public ::testing::Test {
 protected:
  std::vector<Key> Keys() {
    std::vector<Key> keys;
    const auto objects = ListAll(*store_, "").value();
    for (const auto& object : objects) keys.push_back(object.key);
    return keys;
  }
  void WriteFile(const std::string& key, const std::string& bytes) {
    fs::create_directories(fs::path(folder_.path() + "/" + key).parent_path());
    std::ofstream(folder_.path() + "/" + key) << bytes;
  }

  TemporaryFolder folder_;
  std::shared_ptr<ObjectStore> store_ = OpenLocalStore(folder_.path());
};

TEST_F(LocalStoreTest, ObjectThatFillsMemoryIsNotReadAsAWhole) {
  WriteFile("huge", "x");
  fs::resize_file(folder_.path() + "/huge", (uintmax_t{1} << 30) + 1);  // it has holes
  const auto got = store_->Get("huge");
  EXPECT_THAT(got, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(got, HasMessage("huge: 1073741825 bytes"));
  EXPECT_THAT(store_->Open("huge"), IsOk());
}

TEST_F(LocalStoreTest, TornTemporaryFileOfACrashIsInvisible) {
  WriteFile(std::string(kLocalStagingFolder) + "/put-0123456789abcdef", "{\"torn");
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_THAT(store_->ListFolders(""), sluice::testing::IsOkAnd(IsEmpty()));
  ASSERT_THAT(store_->PutIfAbsent("ledger/1.json", "{}"), IsOk());
  EXPECT_THAT(Keys(), ElementsAre("ledger/1.json"));
}

TEST_F(LocalStoreTest, FilesOfOthersAreObjects) {
  WriteFile("dt=1/by-spark.parquet", "bytes");
  fs::create_symlink(folder_.path() + "/dt=1", folder_.path() + "/link");
  EXPECT_THAT(Keys(), ElementsAre("dt=1/by-spark.parquet", "link/by-spark.parquet"));
}

TEST_F(LocalStoreTest, EmptyFoldersAreNone) {
  fs::create_directories(folder_.path() + "/empty/below");
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_THAT(store_->ListFolders(""), sluice::testing::IsOkAnd(IsEmpty()));
  EXPECT_THAT(store_->Head("empty"), IsError(ErrorKind::kNotFound));
}

TEST_F(LocalStoreTest, NothingIsLeftOfWorkThatIsDone) {
  ASSERT_THAT(store_->Put("a/b", "x"), IsOk());
  auto writer = store_->StartUpload("a/c");
  ASSERT_THAT(writer, IsOk());
  ASSERT_THAT(store_->CompleteUpload((*writer)->Finish().value()), IsOk());
  EXPECT_TRUE(fs::is_empty(folder_.path() + "/" + kLocalStagingFolder));
  ASSERT_THAT(store_->Delete("a/b"), IsOk());
  ASSERT_THAT(store_->Delete("a/c"), IsOk());
  EXPECT_FALSE(fs::exists(folder_.path() + "/a"));
  EXPECT_TRUE(fs::exists(folder_.path()));
}

TEST_F(LocalStoreTest, CompletionThatDiedAfterTheLinkIsTakenUp) {
  auto writer = store_->StartUpload("file");
  ASSERT_THAT(writer, IsOk());
  const auto pending = (*writer)->Finish().value();
  const std::string staged =
      folder_.path() + "/" + kLocalStagingFolder + "/" + pending.upload_id + "/data";
  ASSERT_EQ(link(staged.c_str(), (folder_.path() + "/file").c_str()), 0);
  EXPECT_THAT(store_->CompleteUpload(pending),
              sluice::testing::IsOkAnd(CompleteOutcome::kCompleted));
  EXPECT_THAT(Keys(), ElementsAre("file"));
}

/// Root may write everywhere: a test of rights runs as nobody.
class AsNobody {
 public:
  AsNobody() { EXPECT_TRUE(geteuid() != 0 || seteuid(65'534) == 0); }
  ~AsNobody() { EXPECT_EQ(seteuid(before_), 0); }

 private:
  const uid_t before_ = geteuid();
};

TEST_F(LocalStoreTest, UploadsThatCannotBeListedAreAnError) {
  ASSERT_THAT(store_->StartUpload("a"), IsOk());
  const std::string staging = folder_.path() + "/" + kLocalStagingFolder;
  fs::permissions(staging, fs::perms::owner_all);
  const AsNobody nobody;
  EXPECT_THAT(store_->ListUploads("", [](const auto&) { return true; }),
              IsError(ErrorKind::kPermission));
}

TEST_F(LocalStoreTest, UploadWhoseKeyCannotBeReadIsAnError) {
  const auto writer = store_->StartUpload("a");
  ASSERT_THAT(writer, IsOk());
  fs::permissions(
      folder_.path() + "/" + kLocalStagingFolder + "/" + (*writer)->upload_id() + "/key",
      fs::perms::owner_all);
  const AsNobody nobody;
  EXPECT_THAT(store_->ListUploads("", [](const auto&) { return true; }),
              IsError(ErrorKind::kPermission));
}

TEST_F(LocalStoreTest, PipeInPlaceOfAFileIsNoObjectAndHoldsNobodyUp) {
  ASSERT_EQ(mkfifo((folder_.path() + "/pipe").c_str(), 0644), 0);
  EXPECT_THAT(store_->Get("pipe"), IsError(ErrorKind::kNotFound));
}

TEST_F(LocalStoreTest, FolderThatIsReadOnlyIsAPermissionError) {
  WriteFile("there", "x");
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  const AsNobody nobody;
  EXPECT_THAT(store_->Put("a", "x"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(store_->PutIfAbsent("a", "x"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(store_->StartUpload("a"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(store_->Delete("there"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(store_->Put("a", "x"), HasMessage(folder_.path()));
  EXPECT_THAT(store_->Get("there"), IsOk());
}

TEST_F(LocalStoreTest, FolderThatIsClosedIsAPermissionErrorAndNotEmpty) {
  WriteFile("closed/there", "x");
  ASSERT_EQ(chmod((folder_.path() + "/closed").c_str(), 0), 0);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  const AsNobody nobody;
  EXPECT_THAT(store_->Get("closed/there"), IsError(ErrorKind::kPermission));
  EXPECT_THAT(ListAll(*store_, ""), IsError(ErrorKind::kPermission));
}

TEST(ErrnoErrorTest, FullDiskIsAStorageErrorWithARemedy) {
  const Result<int> full = Fail(ErrnoError(ENOSPC, "writing", "/data/out/a"));
  EXPECT_THAT(full, IsError(ErrorKind::kStorage));
  EXPECT_THAT(full, HasMessage("/data/out/a"));
  EXPECT_FALSE(full.error().remedy.empty());
}

}  // namespace
}  // namespace store
}  // namespace sluice
