#include "sluice/exporter/inspect/suggest.h"

#include <gmock/gmock.h>

namespace sluice::exporter {
namespace {

using delta::Field;
using delta::TypeId;
using testing::HasSubstr;

Field Column(std::string name, TypeId type = TypeId::kTimestamp) {
  Field field;
  field.name = std::move(name);
  field.type.id = type;
  return field;
}

/// A table with these columns of times, and one file whose smallest values are given.
TableProfile Table(std::vector<Field> candidates, std::vector<int64_t> smallest = {}) {
  TableProfile profile;
  profile.candidates = std::move(candidates);
  delta::LiveFile file;
  file.stats.columns.resize(smallest.size());
  for (size_t i = 0; i < smallest.size(); ++i) file.stats.columns[i].min = smallest[i];
  profile.snapshot.files.push_back(std::move(file));
  return profile;
}

TEST(SuggestTest, ATimestampMakesAnAppendTable) {
  const auto suggestion = SuggestPattern(Table({Column("seen")}));
  EXPECT_EQ(suggestion.pattern, config::Pattern::kAppend);
  EXPECT_EQ(suggestion.watermark, "seen");
  EXPECT_THAT(suggestion.reason, HasSubstr("seen"));
}

TEST(SuggestTest, TheLikeliestColumnIsTaken) {
  const auto watermark = [](std::vector<Field> columns) {
    return SuggestPattern(Table(std::move(columns))).watermark;
  };
  EXPECT_EQ(watermark({Column("other"), Column("created_at"), Column("Event_Timestamp")}),
            "Event_Timestamp");
  EXPECT_EQ(watermark({Column("day", TypeId::kDate), Column("seen")}), "seen");
  EXPECT_EQ(watermark({Column("updated_at"), Column("day", TypeId::kDate)}), "day");
}

TEST(SuggestTest, AColumnThatMovesWithItsRowIsNoWatermark) {
  const auto suggestion = SuggestPattern(Table({Column("updated_at"), Column("birth_date")}));
  EXPECT_EQ(suggestion.pattern, config::Pattern::kSnapshot);
  EXPECT_THAT(suggestion.reason, HasSubstr("small"));
}

TEST(SuggestTest, AChangeFeedMakesACdcTable) {
  TableProfile profile = Table({Column("created_at")});
  profile.snapshot.metadata.configuration["delta.enableChangeDataFeed"] = "True";
  EXPECT_EQ(SuggestPattern(profile).pattern, config::Pattern::kCdc);
}

TEST(SuggestTest, RowsThatChangeWithoutAFeedAreSentWhole) {
  TableProfile profile = Table({Column("created_at")});
  profile.changing = {"DELETE", "MERGE"};
  const auto suggestion = SuggestPattern(profile);
  EXPECT_EQ(suggestion.pattern, config::Pattern::kSnapshot);
  EXPECT_THAT(suggestion.reason, HasSubstr("DELETE, MERGE"));
}

TEST(SuggestTest, ALargeTableSentWholeIsWarnedOf) {
  TableProfile profile = Table({});
  profile.snapshot.total_bytes = int64_t{5} << 30;
  EXPECT_THAT(SuggestPattern(profile).reason, HasSubstr("5.0 GiB a run"));
}

TEST(SuggestTest, StartIsTheHourBeforeTheFirstRow) {
  const int64_t hour = Hours(1).micros, day = Days(1).micros;
  const auto start = [&](int64_t first, TypeId type = TypeId::kTimestamp) {
    return SuggestPattern(Table({Column("ts", type)}, {first})).before_first->micros;
  };
  EXPECT_EQ(start(5 * hour + 1), 5 * hour);
  EXPECT_EQ(start(5 * hour), 4 * hour) << "start is exclusive";
  EXPECT_EQ(start(-1), -hour);
  EXPECT_EQ(start(7, TypeId::kDate), 7 * day - hour);
}

TEST(SuggestTest, OneOddRowDoesNotMoveTheStart) {
  const int64_t today = Days(20'000).micros;
  TableProfile profile = Table({Column("ts")}, {today});
  profile.snapshot.committed = Timestamp{today};
  profile.snapshot.files.push_back(profile.snapshot.files.front());
  profile.snapshot.files.back().stats.columns[0].min = int64_t{0};
  const auto suggestion = SuggestPattern(profile);
  EXPECT_EQ(suggestion.before_first, Timestamp{today - Hours(1).micros});
  EXPECT_EQ(suggestion.older, Timestamp{0});
  profile.snapshot.files.erase(profile.snapshot.files.begin());
  EXPECT_FALSE(SuggestPattern(profile).before_first) << "the only file may hold more odd rows";
}

TEST(SuggestTest, WithoutStatisticsNoStartIsSuggested) {
  EXPECT_FALSE(SuggestPattern(Table({Column("ts")})).before_first);
}

}  // namespace
}  // namespace sluice::exporter
