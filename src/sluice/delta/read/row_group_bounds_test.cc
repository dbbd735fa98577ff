#include "sluice/delta/read/row_group_bounds.h"

#include "sluice/columnar/parquet_by_hand_fixture.h"

namespace sluice::delta {
namespace {

using columnar::Leaf;
using columnar::LogicalType;
using columnar::Repeat;

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;

DataType Type(TypeId id) { return DataType{id, 0, 0, {}}; }

/// Bounds of a column that holds 0001-01-01 and the year 1970, counted as the time zone's legacy mode did.
RowGroupBounds OldBounds(TypeId type, const std::string& zone) {
  const bool is_date = type == TypeId::kDate;
  const auto note =
      is_date ? LogicalType::Date() : LogicalType::Timestamp(true, LogicalType::TimeUnit::MICROS);
  const int64_t first = -719'164;
  const auto file = columnar::WriteByHand(
      {Leaf("c", Repeat::REQUIRED, is_date ? parquet::Type::INT32 : parquet::Type::INT64, note)},
      {columnar::Numbers({is_date ? first : first * kDay, 0})},
      {{"org.apache.spark.version", "3.5.1"},
       {"org.apache.spark.legacyDateTime", ""},
       {"org.apache.spark.timeZone", zone}});
  return ReadRowGroupBounds(file, 0, 0, Type(type));
}

TEST(RowGroupBoundsTest, OldDaysAreInOurCalendar) {
  EXPECT_EQ(OldBounds(TypeId::kDate, "UTC").min, -719'162);
  EXPECT_EQ(OldBounds(TypeId::kDate, "Europe/Paris").min, -719'162);
  EXPECT_EQ(OldBounds(TypeId::kTimestamp, "UTC").min, -719'162 * kDay);
  EXPECT_EQ(OldBounds(TypeId::kTimestamp, "UTC").max, 0);
}

TEST(RowGroupBoundsTest, BoundWithoutAPlaceInOurCalendarIsUnknown) {
  const RowGroupBounds bounds = OldBounds(TypeId::kTimestamp, "Europe/Paris");
  EXPECT_EQ(bounds.min, std::nullopt);
  EXPECT_EQ(bounds.max, 0);
}

TEST(RowGroupBoundsTest, LocalTimesAreAsTheyStand) {
  EXPECT_EQ(OldBounds(TypeId::kTimestampNtz, "UTC").min, -719'164 * kDay);
}

TEST(RowGroupBoundsTest, UnsignedNumbersHaveNoBounds) {
  const auto file = columnar::WriteByHand(
      {Leaf("c", Repeat::REQUIRED, parquet::Type::INT32, LogicalType::Int(32, false))},
      {columnar::Numbers({1, -1})});
  const RowGroupBounds bounds = ReadRowGroupBounds(file, 0, 0, Type(TypeId::kLong));
  EXPECT_EQ(bounds.min, std::nullopt);
  EXPECT_EQ(bounds.null_count, 0);
}

}  // namespace
}  // namespace sluice::delta
