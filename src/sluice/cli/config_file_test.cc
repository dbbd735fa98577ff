#include "sluice/cli/config_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

class ConfigFileTest : public ::testing::Test {
 protected:
  ConfigFileTest() : folder_(fs::path(::testing::TempDir()) / "sluice_config_file") {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~ConfigFileTest() override { fs::remove_all(folder_); }
  ConfigFile File() { return *FindConfigFile((folder_ / "sluice.yaml").string()); }

  fs::path folder_;
};

TEST_F(ConfigFileTest, NewFileIsWrittenAndNothingIsLeftBesideIt) {
  ASSERT_FALSE(File().exists);
  ASSERT_TRUE(WriteText(File(), "tables: []\n"));
  EXPECT_EQ(*ReadText(File()), "tables: []\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(ConfigFileTest, FileThatSomeoneElseCreatedIsKept) {
  const ConfigFile file = File();
  std::ofstream(file.path) << "theirs";
  const Status written = WriteText(file, "ours");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::kAlreadyExists);
  EXPECT_EQ(*ReadText(File()), "theirs");
}

TEST_F(ConfigFileTest, ReplacedFileKeepsItsPermissions) {
  ASSERT_TRUE(WriteText(File(), "old"));
  chmod(File().path.c_str(), 0640);
  ASSERT_TRUE(WriteText(File(), "new"));
  struct stat after = {};
  ASSERT_EQ(stat(File().path.c_str(), &after), 0);
  EXPECT_EQ(after.st_mode & 07777, 0640u);
  EXPECT_EQ(*ReadText(File()), "new");
}

TEST_F(ConfigFileTest, FolderThatDoesNotExistIsNamed) {
  const auto file = FindConfigFile((folder_ / "no" / "sluice.yaml").string());
  ASSERT_TRUE(file);
  const Status written = WriteText(*file, "text");
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace sluice::cli
