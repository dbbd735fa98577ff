#include "sluice/exporter/session/catalog_tables.h"

#include <gmock/gmock.h>

#include <string>

#include "sluice/testing/fake_catalog.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/matchers.h"

namespace sluice::exporter {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

class CatalogTablesTest : public ::testing::Test {
 protected:
  CatalogTablesTest() {
    for (const char* name : {"a", "b", "c"}) {
      config::Table table;
      table.name = name;
      table.table = std::string("main.sales.") + name;
      config_.tables.push_back(table);
      catalog_->Add(table.table, std::string("id of ") + name, std::string("s3://lake/") + name);
    }
  }
  CatalogTables& Tables() {
    if (!tables_) {
      const auto config = std::make_shared<config::Config>(config_);
      sources_ = std::make_shared<SourceFolders>(*config);
      tables_.emplace(catalog_, config, sources_, clock_);
    }
    return *tables_;
  }
  Result<catalog::CatalogTable> Find(size_t table) {
    return Tables().Find(config_.tables[table], {});
  }
  bool Touches(const char* place) {
    return sources_->Touch(store::ParseLocation(place, "/").value());
  }

  config::Config config_;
  const std::shared_ptr<testing::FakeCatalog> catalog_ = std::make_shared<testing::FakeCatalog>();
  const std::shared_ptr<testing::FakeClock> clock_ = std::make_shared<testing::FakeClock>();
  std::shared_ptr<SourceFolders> sources_;
  std::optional<CatalogTables> tables_;
};

TEST_F(CatalogTablesTest, ARunOfAllTablesAsksOnceForEach) {
  for (size_t i = 0; i < 3; ++i) {
    Tables().LearnAll({});
    EXPECT_EQ(Find(i)->location, "s3://lake/" + config_.tables[i].name);
  }
  EXPECT_EQ(catalog_->asked(), 3);
  EXPECT_TRUE(Touches("s3://lake/c/out"));
}

TEST_F(CatalogTablesTest, ASecondTryAsksAnew) {
  Tables().LearnAll({});
  EXPECT_THAT(Find(0), IsOk());
  catalog_->Add("main.sales.a", "another id", "s3://lake/a");
  EXPECT_EQ(Find(0)->id, "another id");
}

TEST_F(CatalogTablesTest, WhatItSaysOfCommitsHoldsForMoments) {
  catalog_->Add("main.sales.a", "id", "s3://lake/a", delta::StagedCommits{Version{1}, {}});
  Tables().LearnAll({});
  clock_->Advance(Minutes(1));
  catalog_->Add("main.sales.a", "id", "s3://lake/a", delta::StagedCommits{Version{2}, {}});
  EXPECT_EQ(Find(0)->commits->latest, Version{2});
  EXPECT_THAT(Find(1), IsOk());
  EXPECT_EQ(catalog_->asked("main.sales.b"), 1);
}

TEST_F(CatalogTablesTest, WhatCannotBeLearnedStopsNobodyElse) {
  catalog_->errors[catalog::ParseTableName("main.sales.b").value()] =
      Error{ErrorKind::kPermission, "denied", ""};
  Tables().LearnAll({});
  EXPECT_THAT(Find(0), IsOk());
  EXPECT_THAT(Find(1), HasMessage("denied"));
  EXPECT_THAT(Find(2), IsOk());
}

TEST_F(CatalogTablesTest, ConfigsWithPathsAskNobody) {
  for (auto& table : config_.tables) table.path = "/lake/" + table.name;
  Tables().LearnAll({});
  EXPECT_EQ(catalog_->asked(), 0);
}

TEST_F(CatalogTablesTest, PlacesThatAreNotReadAreNamed) {
  for (const char* place : {"gs://b/t", "abfss://c@h/t", "relative/t", ""}) {
    catalog_->Add("main.sales.a", "id", place);
    EXPECT_THAT(Find(0), IsError(ErrorKind::kUnsupported)) << place;
    EXPECT_THAT(Find(0), HasMessage("main.sales.a"));
  }
  for (const char* place : {"file:///lake/t", "file:/lake/t", "/lake/t", "s3a://b/t"}) {
    catalog_->Add("main.sales.a", "id", place);
    EXPECT_THAT(Find(0), IsOk()) << place;
  }
}

}  // namespace
}  // namespace sluice::exporter
