#include "sluice/exporter/session/source_folders.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace sluice::exporter {
namespace {

config::Config ConfigOf(const std::vector<std::string>& sources) {
  config::Config config;
  config.folder = "/base";
  for (const auto& path : sources) {
    config::Table table;
    table.table = "of " + path;
    table.path = path;
    config.tables.push_back(table);
  }
  return config;
}

/// Few letters, so that places often lie in each other.
std::string AnyPlace() {
  std::string place = *rc::gen::elementOf(std::vector<std::string>{"s3://a", "s3://b", "/none"});
  const int parts = *rc::gen::inRange(0, 4);
  for (int i = 0; i < parts; ++i) {
    place += "/" + *rc::gen::elementOf(std::vector<std::string>{"x", "xy", "z"});
  }
  return place;
}

RC_GTEST_PROP(SourceFoldersTest, TouchWhatLiesInOneOrHoldsOne, ()) {
  std::vector<std::string> paths;
  for (int i = *rc::gen::inRange(0, 5); i > 0; --i) paths.push_back(AnyPlace());
  const SourceFolders sources(ConfigOf(paths));
  const store::Location place = store::ParseLocation(AnyPlace(), "/base").value();
  const auto all = sources.all();
  const bool touched = std::any_of(all.begin(), all.end(), [&](const auto& source) {
    return store::Contains(source.real, place) || store::Contains(place, source.real);
  });
  RC_ASSERT(sources.Touch(place) == touched);
}

TEST(SourceFoldersTest, RootTouchesEverythingOfItsScheme) {
  EXPECT_TRUE(SourceFolders(ConfigOf({"/"})).Touch(store::ParseLocation("/none/x", "/").value()));
  EXPECT_TRUE(SourceFolders(ConfigOf({"/none"})).Touch(store::ParseLocation("/", "/").value()));
  EXPECT_FALSE(SourceFolders(ConfigOf({"/"})).Touch(store::ParseLocation("s3://a", "/").value()));
}

TEST(SourceFoldersTest, WhatTheCatalogSaysIsASourceToo) {
  SourceFolders sources(ConfigOf({}));
  const auto place = store::ParseLocation("s3://lake/events/out", "/").value();
  EXPECT_FALSE(sources.Touch(place));
  for (int i = 0; i < 2; ++i) {
    sources.Learn("main.sales.events", store::ParseLocation("s3://lake/events", "/").value());
  }
  EXPECT_TRUE(sources.Touch(place));
  EXPECT_EQ(sources.all().size(), 1);
}

TEST(SourceFoldersTest, TablesWithoutAValidPathAreLeftOut) {
  config::Config config = ConfigOf({"s3://lake/events", "s3:lake"});
  config.tables.emplace_back();
  EXPECT_EQ(SourceFolders(config).all().size(), 1);
}

}  // namespace
}  // namespace sluice::exporter
