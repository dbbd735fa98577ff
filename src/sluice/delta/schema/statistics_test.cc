#include "sluice/delta/schema/statistics.h"

#include <gtest/gtest.h>

namespace sluice::delta {
namespace {

Field Column(std::string name, TypeId id) { return Field{std::move(name), DataType{id, 0, 0, {}}}; }

ColumnStatistics One(std::string_view stats, TypeId id) {
  return ParseStatistics(stats, {Column("c", id)}).columns.at(0);
}

std::string Bounds(std::string_view min, std::string_view max) {
  return "{\"numRecords\":3,\"minValues\":{\"c\":" + std::string(min) +
         "},\"maxValues\":{\"c\":" + std::string(max) + "},\"nullCount\":{\"c\":1}}";
}

TEST(ParseStatistics, ColumnsComeInTheOrderThatWasAsked) {
  const auto stats = ParseStatistics(
      R"({"numRecords":5,"minValues":{"a":1,"b":"x"},"maxValues":{"b":"y","A2":0,"a":2},)"
      R"("nullCount":{"a":0,"b":4}})",
      {Column("B", TypeId::kString), Column("gone", TypeId::kLong), Column("a", TypeId::kLong)});
  EXPECT_EQ(stats.num_records, 5);
  ASSERT_EQ(stats.columns.size(), 3u);
  EXPECT_EQ(stats.columns[0].min, StatisticValue("x"));
  EXPECT_EQ(stats.columns[0].max, StatisticValue("y"));
  EXPECT_EQ(stats.columns[0].null_count, 4);
  EXPECT_EQ(stats.columns[1].min, StatisticValue());
  EXPECT_EQ(stats.columns[2].max, StatisticValue(int64_t{2}));
}

TEST(ParseStatistics, MaximumOfATimestampIsWidenedByWhatWritersCut) {
  const auto stats = One(Bounds("\"2026-01-01T00:00:00.000Z\"", "\"2026-01-01T01:00:00.123Z\""),
                         TypeId::kTimestamp);
  EXPECT_EQ(stats.min, StatisticValue(int64_t{1767225600000000}));
  EXPECT_EQ(stats.max, StatisticValue(int64_t{1767229200123999}));
  EXPECT_EQ(WidenedMax(INT64_MAX - 1), INT64_MAX);
}

TEST(ParseStatistics, TimestampsMayCarryAnOffset) {
  EXPECT_EQ(One(Bounds("\"2025-12-31T16:00:00.000-08:00\"", "null"), TypeId::kTimestamp).min,
            StatisticValue(int64_t{1767225600000000}));
}

TEST(ParseStatistics, ATimestampWithoutAnOffsetIsNoBound) {
  EXPECT_EQ(One(Bounds("\"2026-01-01 00:00:00\"", "null"), TypeId::kTimestamp).min,
            StatisticValue());
  EXPECT_EQ(One(Bounds("\"2026-01-01 00:00:00\"", "null"), TypeId::kTimestampNtz).min,
            StatisticValue(int64_t{1767225600000000}));
}

TEST(ParseStatistics, BoundsOfTwoNamesThatDifferByCaseAreNone) {
  const Field column{"É", DataType{TypeId::kLong, 0, 0, {}}, true, "{}"};
  EXPECT_EQ(ParseStatistics(R"({"minValues":{"é":1}})", {column}).columns[0].min,
            StatisticValue(int64_t{1}));
  EXPECT_EQ(ParseStatistics(R"({"minValues":{"é":1,"É":2}})", {column}).columns[0].min,
            StatisticValue());
}

TEST(ParseStatistics, DatesAreDays) {
  const auto stats = One(Bounds("\"1969-12-31\"", "\"1970-01-02\""), TypeId::kDate);
  EXPECT_EQ(stats.min, StatisticValue(int64_t{-1}));
  EXPECT_EQ(stats.max, StatisticValue(int64_t{1}));
}

TEST(ParseStatistics, NumbersOfAnotherKindAreAbsent) {
  EXPECT_EQ(One(Bounds("1.5", "\"7\""), TypeId::kLong).min, StatisticValue());
  EXPECT_EQ(One(Bounds("1.5", "\"7\""), TypeId::kLong).max, StatisticValue());
  EXPECT_EQ(One(Bounds("1", "1e400"), TypeId::kDouble).min, StatisticValue());
  EXPECT_EQ(One(Bounds("1", "\"NaN\""), TypeId::kDouble).max, StatisticValue());
  EXPECT_EQ(One(Bounds("{\"x\":1}", "[1]"), TypeId::kLong).max, StatisticValue());
}

TEST(ParseStatistics, HugeDecimalOfAnotherColumnDoesNoHarm) {
  const auto stats =
      ParseStatistics(R"({"numRecords":1,"minValues":{"d":99999999999999999999999999.5,"c":4}})",
                      {Column("c", TypeId::kLong)});
  EXPECT_EQ(stats.columns[0].min, StatisticValue(int64_t{4}));
}

TEST(ParseStatistics, WideBoundsTellNullsOnlyAtTheExtremes) {
  const auto nulls = [](int count) {
    return One(R"({"numRecords":3,"tightBounds":false,"nullCount":{"c":)" + std::to_string(count) +
                   "}}",
               TypeId::kLong)
        .null_count;
  };
  EXPECT_EQ(nulls(0), 0);
  EXPECT_EQ(nulls(1), std::nullopt);
  EXPECT_EQ(nulls(3), 3);
}

TEST(ParseStatistics, BrokenTextGivesNoStatisticsAtAll) {
  const std::string whole = Bounds("1", "2");
  for (size_t length = 0; length < whole.size(); ++length) {
    const auto stats = ParseStatistics(whole.substr(0, length), {Column("c", TypeId::kLong)});
    EXPECT_EQ(stats.num_records, std::nullopt);
    ASSERT_EQ(stats.columns.size(), 1u);
    EXPECT_EQ(stats.columns[0].min, StatisticValue());
  }
  EXPECT_EQ(ParseStatistics("[]", {}).num_records, std::nullopt);
  EXPECT_EQ(ParseStatistics(R"({"numRecords":-1})", {}).num_records, std::nullopt);
}

}  // namespace
}  // namespace sluice::delta
