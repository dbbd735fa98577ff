#include "sluice/store/local/posix_file.h"

#include <dirent.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "sluice/store/local/local_leftovers.h"
#include "sluice/store/local/local_staging.h"
#include "sluice/store/local/local_store.h"
#include "sluice/testing/matchers.h"

namespace {

/// What readdir fails with at its second call, 0 for never.
thread_local int readdir_error = 0;
thread_local int readdir_calls = 0;

}  // namespace

/// In place of the C library's, so that a test can break a listing off.
extern "C" dirent* readdir(DIR* folder) {
  static const auto real = reinterpret_cast<dirent* (*)(DIR*)>(dlsym(RTLD_NEXT, "readdir"));
  if (readdir_error != 0 && ++readdir_calls > 1) {
    errno = readdir_error;
    return nullptr;
  }
  return real(folder);
}

namespace sluice::store {
namespace {

using testing::IsError;

class BrokenListing : public ::testing::Test {
 protected:
  BrokenListing() {
    std::filesystem::create_directories(root_ + "/" + kLocalStagingFolder);
    for (const char* name : {"/a", "/b", "/c"}) {
      std::ofstream(root_ + name) << "x";
      std::ofstream(root_ + "/" + kLocalStagingFolder + name) << "x";
    }
    readdir_calls = 0;
    readdir_error = EIO;
  }
  ~BrokenListing() override {
    readdir_error = 0;
    std::filesystem::remove_all(root_);
  }

  const std::string root_ =
      std::filesystem::temp_directory_path() / ("sluice_listing_" + std::to_string(getpid()));
  const std::shared_ptr<ObjectStore> store_ = OpenLocalStore(root_);
};

TEST_F(BrokenListing, OfObjectsIsAnErrorAndNotHalfAList) {
  EXPECT_THAT(ListAll(*store_, ""), IsError(ErrorKind::kStorage));
}

TEST_F(BrokenListing, OfUploadsIsAnErrorAndNotHalfAList) {
  EXPECT_THAT(store_->ListUploads("", [](const auto&) { return true; }),
              IsError(ErrorKind::kStorage));
}

TEST_F(BrokenListing, OfLeftoversIsAnErrorAndNotHalfAList) {
  EXPECT_THAT(FindLocalLeftovers(root_, Timestamp{INT64_MAX}), IsError(ErrorKind::kStorage));
}

}  // namespace
}  // namespace sluice::store
