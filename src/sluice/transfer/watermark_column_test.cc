#include "sluice/transfer/watermark_column.h"

#include <arrow/array/builder_binary.h>
#include <gmock/gmock.h>

#include <limits>
#include <string>

#include "sluice/testing/matchers.h"
#include "sluice/transfer/rows_fixture.h"

namespace sluice::transfer {
namespace {

using delta::TypeId;
using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;

Timestamp Utc(std::string_view text) { return ParseTimestamp(text, TimeZone::Utc()).value(); }

WatermarkColumn ColumnOf(TypeId type, const char* zone = "UTC") {
  delta::Field field;
  field.name = "ts";
  field.type.id = type;
  return WatermarkColumn(field, TimeZone::Find(zone).value());
}

/// As a wall clock shows them.
std::shared_ptr<arrow::Array> Readings(const std::vector<Timestamp>& readings) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO),
                                  arrow::default_memory_pool());
  for (const Timestamp reading : readings) EXPECT_TRUE(builder.Append(reading.micros).ok());
  return builder.Finish().ValueOrDie();
}
std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& texts) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(texts).ok());
  return builder.Finish().ValueOrDie();
}

std::vector<std::optional<int64_t>> InstantsOf(const WatermarkColumn& column,
                                               const std::shared_ptr<arrow::Array>& values) {
  const auto instants = column.ToInstants(values).value();
  std::vector<std::optional<int64_t>> found;
  for (int64_t row = 0; row < instants->length(); ++row) {
    found.push_back(instants->IsValid(row) ? std::optional(instants->Value(row)) : std::nullopt);
  }
  return found;
}

TEST(WatermarkColumnTest, ATimestampComesBackAsItIs) {
  const auto values = Instants({Utc("2026-01-01 09:30"), std::nullopt});
  EXPECT_EQ(ColumnOf(TypeId::kTimestamp, "Asia/Tokyo").ToInstants(values).value(), values);
}

TEST(WatermarkColumnTest, AReadingIsTakenInTheZone) {
  EXPECT_THAT(InstantsOf(ColumnOf(TypeId::kTimestampNtz, "Europe/Berlin"),
                         Readings({Utc("2026-01-01 09:30"), Utc("2026-07-01 09:30")})),
              ElementsAre(Utc("2026-01-01 08:30").micros, Utc("2026-07-01 07:30").micros));
}

TEST(WatermarkColumnTest, AReadingThatTheClockSkipsIsMovedForward) {
  EXPECT_THAT(InstantsOf(ColumnOf(TypeId::kTimestampNtz, "Europe/Berlin"),
                         Readings({Utc("2026-03-29 01:59"), Utc("2026-03-29 02:30"),
                                   Utc("2026-03-29 03:00")})),
              ElementsAre(Utc("2026-03-29 00:59").micros, Utc("2026-03-29 01:30").micros,
                          Utc("2026-03-29 01:00").micros));
}

TEST(WatermarkColumnTest, ReadingsAtTheEndsOfTimeDoNotOverflow) {
  const Timestamp last{std::numeric_limits<int64_t>::max() - Days(2).micros};
  EXPECT_THAT(InstantsOf(ColumnOf(TypeId::kTimestampNtz), Readings({last, Timestamp{}})),
              ElementsAre(last.micros, 0));
}

TEST(WatermarkColumnTest, ADateIsItsMidnightInTheZone) {
  arrow::Date32Builder days;
  ASSERT_TRUE(days.AppendValues({20'454, 20'454, 20'455}).ok());  // 2026-01-01 is 20454
  EXPECT_THAT(InstantsOf(ColumnOf(TypeId::kDate, "Asia/Kolkata"), days.Finish().ValueOrDie()),
              ElementsAre(Utc("2025-12-31 18:30").micros, Utc("2025-12-31 18:30").micros,
                          Utc("2026-01-01 18:30").micros));
}

TEST(WatermarkColumnTest, ATextThatIsNoTimeHasNoInstant) {
  EXPECT_THAT(
      InstantsOf(ColumnOf(TypeId::kString, "Europe/Berlin"),
                 Texts({"2026-01-01 09:30:00", "2026-01-01T09:30:00Z", "yesterday week", ""})),
      ElementsAre(Utc("2026-01-01 08:30").micros, Utc("2026-01-01 09:30").micros, std::nullopt,
                  std::nullopt));
}

TEST(WatermarkColumnTest, AnotherTypeThanTheFieldsIsRefusedByName) {
  const auto read = ColumnOf(TypeId::kTimestamp).ToInstants(Texts({"2026-01-01"}));
  EXPECT_THAT(read, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(read, HasMessage("'ts'"));
}

WatermarkCounts CountsOf(const std::vector<std::string>& texts) {
  const auto values = Texts(texts);
  return CountWatermarks(*values, *ColumnOf(TypeId::kString).ToInstants(values).value());
}

TEST(CountWatermarks, TextThatIsNoTimeIsCountedApart) {
  const WatermarkCounts counts = CountsOf({"2026-01-01", "view", "click"});
  EXPECT_EQ(counts.readable, 1);
  EXPECT_EQ(counts.unreadable, 2);
  EXPECT_EQ(counts.nulls, 0);
  EXPECT_EQ(counts.example, "view");
}

TEST(CountWatermarks, NullsAreNotUnreadable) {
  const auto values = Instants({Utc("2026-01-01 09:30"), std::nullopt});
  const WatermarkCounts counts = CountWatermarks(*values, *values);
  EXPECT_EQ(counts.nulls, 1);
  EXPECT_EQ(counts.unreadable, 0);
}

TEST(RequireReadable, OnlyAColumnWithoutAnyTimeIsRefusedByNameAndExample) {
  const delta::Field field = ColumnOf(TypeId::kString).field();
  EXPECT_TRUE(RequireReadable(CountsOf({"2026-01-01", "view"}), field));
  EXPECT_TRUE(RequireReadable(CountsOf({}), field));
  const Status refused = RequireReadable(CountsOf({"view", "click"}), field);
  EXPECT_THAT(refused, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(refused, HasMessage("'ts' (string): none of its 2 values"));
  EXPECT_THAT(refused, HasMessage("'view'"));
}

TEST(WatermarkColumnTest, BoundsOfReadingsHoldEachInstantInEveryZone) {
  const Timestamp reading = Utc("2026-01-01 09:30");
  for (const char* zone : {"Pacific/Kiritimati", "Etc/GMT+12", "Europe/Berlin"}) {
    const auto column = ColumnOf(TypeId::kTimestampNtz, zone);
    const auto bounds = column.ToInstants(delta::RowGroupBounds{reading.micros, reading.micros, 0});
    const auto instant = InstantsOf(column, Readings({reading}))[0];
    EXPECT_LE(bounds.min, instant) << zone;
    EXPECT_GE(bounds.max, instant) << zone;
  }
}

TEST(WatermarkColumnTest, BoundsOfTextsAndBoundsThatOverflowAreNotKnown) {
  const delta::RowGroupBounds bounds{1, std::numeric_limits<int64_t>::max(), 0};
  EXPECT_EQ(ColumnOf(TypeId::kString).ToInstants(bounds).min, std::nullopt);
  EXPECT_EQ(ColumnOf(TypeId::kDate).ToInstants(bounds).max, std::nullopt);
  EXPECT_EQ(ColumnOf(TypeId::kTimestampNtz).ToInstants(bounds).max, std::nullopt);
  EXPECT_EQ(ColumnOf(TypeId::kTimestamp).ToInstants(bounds).max, bounds.max);
}

}  // namespace
}  // namespace sluice::transfer
