#include <gmock/gmock.h>

#include <string>

#include "sluice/config/config_parser.h"
#include "sluice/testing/matchers.h"

namespace sluice::config {
namespace {

using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

/// The keys of tables that a catalog finds, and of places that it gives credentials for.
class CatalogKeysTest : public ::testing::Test {
 protected:
  static Result<Config> Parse(const std::string& sections, const std::string& tables) {
    return ParseConfig(sections + "tables:\n" + tables, "/etc/sluice.yaml",
                       [](const std::string&) { return std::nullopt; });
  }
  static std::string MistakesOf(const std::string& sections, const std::string& tables) {
    const auto config = Parse(sections, tables);
    EXPECT_THAT(config, IsError(ErrorKind::kConfig));
    return config ? "" : config.error().message;
  }
  static constexpr const char* kTable = "- {table: main.crm.users, pattern: cdc}\n";
  static constexpr const char* kHere = "destination: {url: /out}\n";
  static constexpr const char* kCatalog =
      "destination: {url: /out}\ncatalog: {url: \"https://host\"}\n";
};

TEST_F(CatalogKeysTest, ATableOfACatalogNeedsNoPath) {
  const auto config = Parse(kCatalog, kTable);
  ASSERT_THAT(config, IsOk());
  EXPECT_FALSE(config->tables[0].path);
  EXPECT_EQ(config->tables[0].name, "users");
  EXPECT_TRUE(config->idle_keys.empty());
  EXPECT_THAT(MistakesOf(kHere, kTable), HasSubstr("'path'"));
}

TEST_F(CatalogKeysTest, WithoutAPathItsNameHasThreeParts) {
  for (const char* name : {"users", "crm.users", "a.b.c.d", "a..b"}) {
    const std::string entry = "- {table: " + std::string(name) + ", pattern: cdc, name: n";
    EXPECT_THAT(MistakesOf(kCatalog, entry + "}\n"), HasSubstr("sluice.yaml:4:"));
    EXPECT_THAT(MistakesOf(kCatalog, entry + "}\n"), HasSubstr("three parts"));
    EXPECT_THAT(Parse(kCatalog, entry + ", path: /lake}\n"), IsOk());
  }
  EXPECT_THAT(Parse(kCatalog, "- {table: a.`b.c`.d, pattern: cdc, name: n}\n"), IsOk());
}

TEST_F(CatalogKeysTest, OneTableQuotedOrNotIsOneRow) {
  EXPECT_THAT(MistakesOf(kCatalog,
                         "- {table: main.crm.users, pattern: cdc}\n"
                         "- {table: main.`crm`.users, pattern: cdc, name: others}\n"),
              HasSubstr("share one row"));
}

TEST_F(CatalogKeysTest, TheHostMayBeLeftToTheEnvironment) {
  for (const char* section : {"catalog:\n", "catalog: {}\n", "catalog: {auth: {profile: P}}\n"}) {
    const auto config = Parse(std::string(kHere) + section, kTable);
    ASSERT_THAT(config, IsOk()) << section;
    EXPECT_TRUE(config->catalog);
    EXPECT_EQ(config->catalog->url, "");
  }
}

TEST_F(CatalogKeysTest, ACatalogTakesOneFormOfAuth) {
  EXPECT_THAT(MistakesOf("destination: {url: /out}\n"
                         "catalog: {auth: {profile: P, token_env: T}}\n",
                         kTable),
              HasSubstr("auth takes one of: profile; token_env"));
}

TEST_F(CatalogKeysTest, PlacesTakeCredentialsFromTheCatalogOnlyWhereThereIsOne) {
  const std::string place = "destination: {url: \"s3://b/out\", auth: {catalog: true";
  const auto config = Parse(place + "}}\ncatalog: {url: \"https://host\"}\n", kTable);
  ASSERT_THAT(config, IsOk());
  EXPECT_TRUE(config->destination.options.auth.catalog);
  EXPECT_THAT(MistakesOf(place + "}}\n", "- {table: t, path: /l, pattern: cdc}\n"),
              HasSubstr("no `catalog` section"));
  EXPECT_THAT(MistakesOf(place + ", profile: p}}\ncatalog: {url: \"https://host\"}\n", kTable),
              HasSubstr("auth takes one of"));
  EXPECT_THAT(MistakesOf("destination: {url: \"s3://b\", auth: {catalog: false}}\n", kTable),
              HasSubstr("can only be true"));
}

}  // namespace
}  // namespace sluice::config
