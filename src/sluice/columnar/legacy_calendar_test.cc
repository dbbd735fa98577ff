#include "sluice/columnar/legacy_calendar.h"

#include "sluice/columnar/parquet_by_hand_fixture.h"

namespace sluice::columnar {
namespace {

using testing::HasMessage;
using testing::HasRemedy;
using ::testing::HasSubstr;
using testing::IsError;

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;
constexpr const char* kVersion = "org.apache.spark.version";
constexpr const char* kDates = "org.apache.spark.legacyDateTime";
constexpr const char* kInt96 = "org.apache.spark.legacyINT96";
constexpr const char* kZone = "org.apache.spark.timeZone";

TEST(LegacyCalendarTest, DaysKeepTheirNames) {
  EXPECT_EQ(GregorianDay(-719'164), -719'162);  // 0001-01-01
  EXPECT_EQ(GregorianDay(-354'221), -354'226);  // 1000-02-29, which is 1000-03-01
  EXPECT_EQ(GregorianDay(-141'428), -141'438);  // 1582-10-04
  EXPECT_EQ(GregorianDay(-141'427), -141'427);  // 1582-10-15
  EXPECT_EQ(GregorianDay(-719'165), -719'163);  // the day before the year 1
  EXPECT_EQ(GregorianDay(20'000), 20'000);
}

TEST(LegacyCalendarTest, DaysKeepTheirOrder) {
  for (int64_t day = -800'000; day < -141'000; ++day) {
    ASSERT_LE(GregorianDay(day), GregorianDay(day + 1)) << day;
  }
}

TEST(LegacyCalendarTest, WriterAndMarksDecide) {
  EXPECT_EQ(ReadFileCalendar({}).dates_mark, "");
  EXPECT_EQ(ReadFileCalendar({{kDates, ""}}).dates_mark, "") << "a mark without a version";
  EXPECT_EQ(ReadFileCalendar({{kVersion, "3.5.1"}}).dates_mark, "");
  EXPECT_EQ(ReadFileCalendar({{kVersion, "3.5.1"}, {kDates, ""}}).dates_mark, kDates);
  EXPECT_EQ(ReadFileCalendar({{kVersion, "3.5.1"}, {kDates, ""}}).int96_mark, "");
  EXPECT_EQ(ReadFileCalendar({{kVersion, "3.5.1"}, {kInt96, ""}}).int96_mark, kInt96);
  EXPECT_THAT(ReadFileCalendar({{kVersion, "2.4.8"}}).dates_mark, HasSubstr("2.4.8"));
  EXPECT_EQ(ReadFileCalendar({{kVersion, "3.0.1"}}).dates_mark, "");
  EXPECT_THAT(ReadFileCalendar({{kVersion, "3.0.1"}}).int96_mark, HasSubstr("3.0.1"));
}

std::optional<int64_t> Offset(const std::string& zone) {
  return ReadFileCalendar({{kVersion, "3.5.1"}, {kZone, zone}}).offset_micros;
}

TEST(LegacyCalendarTest, FixedZonesAreKnownAsJavaKnowsThem) {
  constexpr int64_t kHour = kDay / 24;
  for (const char* zone : {"UTC", "GMT", "Z", "Etc/UTC", "+08:00", "UTC+8"}) {
    EXPECT_EQ(Offset(zone), 0) << zone;
  }
  EXPECT_EQ(Offset("GMT+8"), 8 * kHour);
  EXPECT_EQ(Offset("GMT-03:30"), -7 * kHour / 2);
  EXPECT_EQ(Offset("Etc/GMT+8"), -8 * kHour);
  for (const char* zone : {"Europe/Paris", "PST", "EST5EDT"}) {
    EXPECT_EQ(Offset(zone), std::nullopt) << zone;
  }
}

ParquetFile OldInstants(const std::string& zone) {
  const auto note = LogicalType::Timestamp(true, LogicalType::TimeUnit::MICROS);
  return WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::INT64, note)},
                     {Numbers({-719'164 * kDay + 5, 0})},
                     {{kVersion, "3.5.1"}, {kDates, ""}, {kZone, zone}});
}

const auto kInstant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
const auto kLocal = arrow::timestamp(arrow::TimeUnit::MICRO);

TEST(LegacyCalendarTest, InstantsFollowTheMark) {
  ExpectValues(ReadFirst(OldInstants("UTC"), kInstant), kInstant,
               R"(["0001-01-01T00:00:00.000005", "1970-01-01T00:00:00"])");
}

TEST(LegacyCalendarTest, LocalTimesWereNeverCountedThatWay) {
  const auto read = ReadFirst(OldInstants("UTC"), kLocal);
  ASSERT_THAT(read, testing::IsOk());
  EXPECT_EQ(static_cast<const arrow::TimestampArray&>(**read).Value(0), -719'164 * kDay + 5);
}

TEST(LegacyCalendarTest, OldInstantsOfAZoneWithAHistoryAreRefused) {
  const auto read = ReadFirst(OldInstants("Europe/Paris"), kInstant);
  EXPECT_THAT(read, IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(read, HasMessage("Europe/Paris"));
  EXPECT_THAT(read, HasRemedy("exclude: [c]"));
}

TEST(LegacyCalendarTest, DatesInsideOfListsFollowTheMark) {
  const auto list =
      Group("c", Repeat::OPTIONAL,
            {Group("list", Repeat::REPEATED,
                   {Leaf("element", Repeat::REQUIRED, parquet::Type::INT32, LogicalType::Date())})},
            ConvertedType::LIST);
  const auto file =
      WriteByHand({list}, {{{2, 2}, {0, 1}, {}, {-719'164, 0}}}, {{kVersion, "2.4.8"}});
  const auto wanted = arrow::list(arrow::date32());
  ExpectValues(ReadFirst(file, wanted), wanted, "[[-719162, 0]]");
}

}  // namespace
}  // namespace sluice::columnar
