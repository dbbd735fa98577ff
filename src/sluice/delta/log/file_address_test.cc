#include "sluice/delta/log/file_address.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::delta {
namespace {

constexpr const char* kRoot = "/lake/t/";

FileAddress Below(const char* key) { return FileAddress{true, key}; }

TEST(AddressOf, EverySpellingOfAFileIsOneAddress) {
  const std::pair<const char*, const char*> kSpellings[] = {
      {"f.parquet", "f.parquet"},
      {"./f.parquet", "f.parquet"},
      {"p=1/.//./f.parquet", "p=1/f.parquet"},
      {"x/../f.parquet", "f.parquet"},
      {"x/y/../.././p=1//f.parquet", "p=1/f.parquet"},
      {"x/%2E%2E/f.parquet", "f.parquet"},
      {"../t/f.parquet", "f.parquet"},
      {"x/../../t/f.parquet", "f.parquet"},
      {"/lake/x/../t/f.parquet", "f.parquet"},
      {"file:/../lake/t/f.parquet", "f.parquet"},
      {"%C3%A9.parquet", "é.parquet"},
      {"%c3%a9.parquet", "é.parquet"},
      {"é.parquet", "é.parquet"},
      {"a%2Bb~.parquet", "a+b~.parquet"},
      {"a+b%7E.parquet", "a+b~.parquet"},
      {"p=a%252Fb/f", "p=a%2Fb/f"},
      {"a b", "a b"},
      {"file:/lake/t/f.parquet", "f.parquet"},
      {"file:///lake/t/p=1/f.parquet", "p=1/f.parquet"},
      {"file://localhost/lake/t/f.parquet", "f.parquet"},
      {"/lake/t/f.parquet", "f.parquet"},
      {"/lake//t/./f.parquet", "f.parquet"}};
  for (const auto& [path, key] : kSpellings) EXPECT_EQ(AddressOf(path, kRoot), Below(key)) << path;
}

TEST(AddressOf, APercentSignThatIsNoEscapeStandsForItself) {
  for (const char* path : {"a%.parquet", "100%", "%zz", "%4", "a%%41"}) {
    const FileAddress address = AddressOf(path, kRoot);
    EXPECT_TRUE(address.relative) << path;
  }
  EXPECT_EQ(AddressOf("a%.parquet", kRoot), Below("a%.parquet"));
  EXPECT_EQ(AddressOf("%zz%41", kRoot), Below("%zzA"));
}

TEST(AddressOf, OtherPlacesKeepTheirNames) {
  for (const char* uri :
       {"s3://other/t/f", "dbfs:/lake/t/f", "abfss://c@a.dfs.core.windows.net/t/f"}) {
    EXPECT_EQ(AddressOf(uri, kRoot), (FileAddress{false, uri})) << uri;
  }
  EXPECT_EQ(AddressOf("file:/lake/t2/f", kRoot), (FileAddress{false, "/lake/t2/f"}));
  EXPECT_EQ(AddressOf("../t2/f", kRoot), (FileAddress{false, "/lake/t2/f"}));
  EXPECT_EQ(AddressOf("..f", kRoot), Below("..f"));
  EXPECT_EQ(AddressOf("s3a://bucket/t/f", "s3://bucket/t/"), Below("f"));
  EXPECT_EQ(AddressOf("s3a://bucket//x/../t/f", "s3://bucket/t/"), Below("f"));
  EXPECT_EQ(AddressOf("s3://bucket/../t/f", "s3://bucket/t/"), Below("f"));
}

TEST(LogicalFileKey, SpellingsAreOneFileAndVectorsTellApart) {
  const DeletionVectorDescriptor vector{'u', "ab", 1, 2, 3};
  EXPECT_EQ(LogicalFileKey("%c3%a9", {}, kRoot), LogicalFileKey("file:/lake/t/é", {}, kRoot));
  EXPECT_NE(LogicalFileKey("é", vector, kRoot), LogicalFileKey("é", {}, kRoot));
  const DeletionVectorDescriptor one{'p', "file:/lake/t/v%2B.bin", 1, 2, 3};
  const DeletionVectorDescriptor same{'p', "file:///lake/t/v+.bin", 1, 2, 3};
  EXPECT_EQ(LogicalFileKey("é", one, kRoot), LogicalFileKey("é", same, kRoot));
}

}  // namespace
}  // namespace sluice::delta
