#include "sluice/plan/column_choice.h"

#include <gmock/gmock.h>

#include "sluice/testing/matchers.h"

namespace sluice::plan {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using testing::HasRemedy;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;

class ColumnChoiceTest : public ::testing::Test {
 protected:
  ColumnChoiceTest() {
    table_.table = "main.sales.events";
    table_.name = "events";
    table_.append().watermark = "seen_at";
    table_.places.file = "/etc/sluice.yaml";
    table_.places.watermark = {4, 14};
    AddColumn("event_id", delta::TypeId::kLong);
    AddColumn("seen_at", delta::TypeId::kTimestamp);
    AddColumn("Country", delta::TypeId::kString);
    AddColumn("dt", delta::TypeId::kDate);
  }
  void AddColumn(const char* name, delta::TypeId type) {
    delta::Field field;
    field.name = name;
    field.type.id = type;
    schema_.fields.push_back(field);
  }
  void List(std::vector<std::string>& into, std::vector<config::LineColumn>& places, int line,
            const std::vector<std::string>& names) {
    into = names;
    for (size_t i = 0; i < names.size(); ++i) places.push_back({line + static_cast<int>(i), 5});
  }
  std::vector<std::string> Chosen() {
    const auto choice = ChooseColumns(table_, schema_);
    EXPECT_THAT(choice, IsOk());
    std::vector<std::string> names;
    if (choice) {
      for (const auto& field : choice->output) names.push_back(field.name);
    }
    return names;
  }

  config::Table table_;
  delta::TableSchema schema_;
};

TEST_F(ColumnChoiceTest, ColumnsMatchWithoutCaseAndKeepTheTablesOrder) {
  table_.columns = {"COUNTRY", "event_id"};
  EXPECT_THAT(Chosen(), ElementsAre("event_id", "Country"));
  table_.columns.clear();
  table_.exclude = {"country"};
  EXPECT_THAT(Chosen(), ElementsAre("event_id", "seen_at"));  // dt is the export's own
}

TEST_F(ColumnChoiceTest, EveryEntryThatIsNoColumnIsToldWithItsLineAndTheNearestAtOnce) {
  List(table_.columns, table_.places.columns, 7, {"evnt_id", "Country", "nation"});
  List(table_.exclude, table_.places.exclude, 12, {"seen_by"});
  table_.append().watermark = "seen_on";
  const auto choice = ChooseColumns(table_, schema_);
  EXPECT_THAT(choice, IsError(ErrorKind::kConfig));
  EXPECT_EQ(choice.error().message,
            "/etc/sluice.yaml:4:14: tables[events].watermark: the table has no column 'seen_on'; "
            "did you mean 'seen_at'?\n"
            "/etc/sluice.yaml:7:5: tables[events].columns: the table has no column 'evnt_id'; did "
            "you mean 'event_id'?\n"
            "/etc/sluice.yaml:9:5: tables[events].columns: the table has no column 'nation'\n"
            "/etc/sluice.yaml:12:5: tables[events].exclude: the table has no column 'seen_by'; did "
            "you mean 'seen_at'?");
  EXPECT_THAT(choice, HasRemedy("'event_id', 'seen_at', 'Country', 'dt'"));
  EXPECT_EQ(FindWatermark(table_, schema_).error().message, choice.error().message);
}

TEST_F(ColumnChoiceTest, WatermarkThatIsNoTimeIsToldWithTheColumnsThatAre) {
  table_.append().watermark = "event_id";
  const auto found = FindWatermark(table_, schema_);
  EXPECT_THAT(found, IsError(ErrorKind::kConfig));
  EXPECT_THAT(found, HasMessage("'event_id' has type long"));
  EXPECT_THAT(found, HasMessage("here 'seen_at', 'Country', 'dt'"));
}

TEST_F(ColumnChoiceTest, PartOfAColumnIsToldAsSuch) {
  table_.columns = {"country.code"};
  EXPECT_THAT(ChooseColumns(table_, schema_), HasMessage("'country.code' is a part of column"));
}

TEST_F(ColumnChoiceTest, ColumnsOfTheFeedComeAlongWhetherListedOrNot) {
  table_.options = config::CdcOptions{};
  table_.columns = {"event_id", "_change_type"};
  EXPECT_THAT(Chosen(), ElementsAre("event_id"));
  EXPECT_FALSE(StaysInSource(table_, "_commit_version"));
  table_.columns.clear();
  table_.exclude = {"_commit_version"};
  EXPECT_THAT(ChooseColumns(table_, schema_), HasMessage("always comes along"));
}

TEST_F(ColumnChoiceTest, WhatIsNotListedOrIsExcludedStaysInTheSource) {
  EXPECT_FALSE(StaysInSource(table_, "event_id"));
  table_.columns = {"EVENT_ID"};
  EXPECT_FALSE(StaysInSource(table_, "event_id"));
  EXPECT_TRUE(StaysInSource(table_, "country"));
  table_.columns.clear();
  table_.exclude = {"country"};
  EXPECT_TRUE(StaysInSource(table_, "Country"));
}

TEST_F(ColumnChoiceTest, AWideTableIsNotListedWhole) {
  for (int i = 0; i < 500; ++i) AddColumn(fmt::format("c{}", i).c_str(), delta::TypeId::kLong);
  table_.columns = {"zzz"};
  EXPECT_THAT(ChooseColumns(table_, schema_), HasRemedy("and 474 more"));
  EXPECT_THAT(ChooseColumns(table_, schema_), Not(HasRemedy("'c400'")));
}

}  // namespace
}  // namespace sluice::plan
