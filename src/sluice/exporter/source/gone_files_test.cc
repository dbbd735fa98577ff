#include "sluice/exporter/source/gone_files.h"

#include <gmock/gmock.h>

#include "sluice/exporter/source/source_fixture.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using testing::IsOk;

std::set<Version> Versions(std::initializer_list<int64_t> values) {
  std::set<Version> versions;
  for (const int64_t value : values) versions.insert(Version{value});
  return versions;
}

TEST(VersionsTextTest, IsShortHoweverManyThereAre) {
  EXPECT_EQ(VersionsText({}), "no version");
  EXPECT_EQ(VersionsText(Versions({4})), "version 4");
  EXPECT_EQ(VersionsText(Versions({4, 9})), "versions 4 and 9");
  EXPECT_EQ(VersionsText(Versions({4, 5, 6, 7})), "versions 4 to 7");
  EXPECT_EQ(VersionsText(Versions({1, 3, 4})), "versions 1, 3, 4");
  EXPECT_EQ(VersionsText(Versions({1, 3, 4, 8, 9, 10, 12})), "versions 1, 3, 4, 8, 9 and 2 more");
}

class GoneFilesTest : public SourceTest {
 protected:
  GoneFilesTest() : SourceTest(config::CdcOptions{}) {}
};

TEST_F(GoneFilesTest, ThoseThatAreNotThereComeBackInTheirOrder) {
  std::vector<NamedFile> files;
  for (int64_t i = 0; i < 40; ++i) {
    files.push_back({Version{i}, "file-" + std::to_string(i)});
    if (i % 10 == 3) continue;
    ASSERT_THAT(source.store()->Put(files.back().key, "x"), IsOk());
  }
  const auto gone = FindGone(session, files);
  ASSERT_THAT(gone, IsOk());
  EXPECT_THAT(*gone,
              ElementsAre(Field(&NamedFile::key, "file-3"), Field(&NamedFile::key, "file-13"),
                          Field(&NamedFile::key, "file-23"), Field(&NamedFile::key, "file-33")));
}

}  // namespace
}  // namespace sluice::exporter
