#include "sluice/base/time_zone.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <limits>

#include "sluice/testing/matchers.h"

namespace sluice {
namespace {

using testing::HasMessage;
using testing::IsError;

TimeZone Zone(std::string_view name) {
  auto zone = TimeZone::Find(name);
  EXPECT_THAT(zone, testing::IsOk());
  return zone ? *zone : TimeZone::Utc();
}

Timestamp Utc(std::string_view text) { return ParseTimestamp(text, TimeZone::Utc()).value(); }

/// The instant of a reading in a zone, as UTC text.
std::string InstantOf(std::string_view reading, std::string_view zone) {
  return FormatTimestamp(ParseTimestamp(reading, Zone(zone)).value());
}

std::string DayBegin(int64_t year, int month, int day, std::string_view zone) {
  return FormatTimestamp(Zone(zone).StartOfDay(DaysFromCivil(year, month, day)));
}

// Expected values of the next tests are java.time's (ZonedDateTime.ofLocal, LocalDate.atStartOfDay).
TEST(TimeZoneTest, TheFirstAndLastInstantsHaveAReading) {
  const Timestamp first{std::numeric_limits<int64_t>::min()};
  const Timestamp last{std::numeric_limits<int64_t>::max()};
  EXPECT_EQ(TimeZone::Utc().ToCivil(first).micros, 224'192);
  EXPECT_EQ(TimeZone::Utc().ToCivil(last).micros, 775'807);
}

TEST(TimeZoneTest, ReadingInAGapMovesForwardByTheGap) {
  EXPECT_EQ(InstantOf("2026-03-08 02:30", "America/Los_Angeles"), "2026-03-08T10:30:00Z");
  EXPECT_EQ(InstantOf("2026-03-29 01:15", "Europe/London"), "2026-03-29T01:15:00Z");
  EXPECT_EQ(InstantOf("2026-10-04 02:10", "Australia/Lord_Howe"), "2026-10-03T15:40:00Z");
  EXPECT_EQ(InstantOf("2011-12-30 12:00", "Pacific/Apia"), "2011-12-30T22:00:00Z");
}

TEST(TimeZoneTest, ReadingInAnOverlapTakesTheEarlierOffset) {
  EXPECT_EQ(InstantOf("2026-11-01 01:30", "America/Los_Angeles"), "2026-11-01T08:30:00Z");
  EXPECT_EQ(InstantOf("2026-10-25 01:30", "Europe/London"), "2026-10-25T00:30:00Z");
}

TEST(TimeZoneTest, DayWithoutMidnightBeginsAfterTheGap) {
  EXPECT_EQ(DayBegin(2026, 3, 8, "America/Havana"), "2026-03-08T05:00:00Z");
  EXPECT_EQ(DayBegin(2011, 12, 30, "Pacific/Apia"), "2011-12-30T10:00:00Z");
  // 23:30 was followed by 00:30: the day begins at 00:30, not at midnight moved by an hour.
  EXPECT_EQ(DayBegin(1919, 3, 31, "America/Toronto"), "1919-03-31T04:30:00Z");
}

TEST(TimeZoneTest, DayWithTwoMidnightsBeginsAtTheFirst) {
  EXPECT_EQ(DayBegin(2026, 11, 1, "America/Havana"), "2026-11-01T04:00:00Z");
}

TEST(TimeZoneTest, OffsetsAreReadAsJavaReadsThem) {
  const Timestamp noon = Utc("2026-01-01T12:00:00Z");
  for (const auto& [name, hour, minute] : {std::tuple{"+05:30", 17, 30},
                                           {"-0800", 4, 0},
                                           {"UTC+1", 13, 0},
                                           {"GMT-03:30", 8, 30},
                                           {"Z", 12, 0},
                                           {"+5:30", 17, 30},
                                           {"UT+02", 14, 0}}) {
    const CivilTime civil = Zone(name).ToCivil(noon);
    EXPECT_EQ(civil.hour, hour) << name;
    EXPECT_EQ(civil.minute, minute) << name;
  }
}

TEST(TimeZoneTest, WhatIsNoZoneIsRefusedByName) {
  for (const char* name :
       {"", "Mars/Olympus", "+19:00", "+5:3", "+1:234", "+0530:", "+:0530", "+05:3015", "+05:60",
        "../etc/passwd", "/etc/localtime", "localtime", "Fixed/UTC+01:00:00", "UTC+"}) {
    EXPECT_THAT(TimeZone::Find(name), IsError(ErrorKind::kConfig)) << name;
  }
  EXPECT_THAT(TimeZone::Find("Mars/Olympus"), HasMessage("'Mars/Olympus'"));
}

const std::vector<std::string> kZones{"UTC",          "America/Los_Angeles", "Europe/London",
                                      "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana",
                                      "Pacific/Apia", "Asia/Kathmandu",      "-03:30",
                                      "Africa/Cairo", "America/St_Johns",    "Pacific/Chatham"};

RC_GTEST_PROP(TimeZoneProperty, CivilTimeLeadsBackToAnInstantOfThatReading, ()) {
  const TimeZone zone = Zone(*rc::gen::elementOf(kZones));
  const Timestamp t{*rc::gen::inRange<int64_t>(-2'208'988'800'000'000, 4'102'444'800'000'000)};
  const CivilTime civil = zone.ToCivil(t);
  const Timestamp back = zone.ToInstant(civil);
  // Another instant only in an overlap, and then the earlier one.
  RC_ASSERT(back <= t);
  RC_ASSERT((t - back).micros < Days(1).micros + 1);
  const CivilTime again = zone.ToCivil(back);
  RC_ASSERT(std::tie(again.year, again.month, again.day, again.hour, again.minute, again.second,
                     again.micros) == std::tie(civil.year, civil.month, civil.day, civil.hour,
                                               civil.minute, civil.second, civil.micros));
}

RC_GTEST_PROP(TimeZoneProperty, DaysAndDatesAreOneToOne, ()) {
  const auto days = *rc::gen::inRange<int64_t>(-719'528, 2'932'897);  // years 0 to 9999
  const CivilTime civil = CivilFromDays(days);
  RC_ASSERT(DaysFromCivil(civil.year, civil.month, civil.day) == days);
}

RC_GTEST_PROP(TimestampProperty, TextLeadsBackToTheTimestamp, ()) {
  const Timestamp t{*rc::gen::inRange<int64_t>(-62'167'219'200'000'000, 253'402'300'800'000'000)};
  RC_ASSERT((ParseTimestamp(FormatTimestamp(t), Zone("Asia/Kolkata")).value() == t));
}

TEST(TimestampTest, FractionHasAsManyDigitsAsItNeeds) {
  EXPECT_EQ(FormatTimestamp(Utc("2026-01-31 09:00:00")), "2026-01-31T09:00:00Z");
  EXPECT_EQ(FormatTimestamp(Utc("2026-01-31T09:00:00.25Z")), "2026-01-31T09:00:00.250Z");
  EXPECT_EQ(FormatTimestamp(Utc("2026-01-31T09:00:00.000001Z")), "2026-01-31T09:00:00.000001Z");
  EXPECT_EQ(FormatTimestamp(Timestamp{-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(TimestampTest, OffsetInTheTextBeatsTheZone) {
  EXPECT_EQ(InstantOf("2026-01-31T09:00+02:00", "Asia/Tokyo"), "2026-01-31T07:00:00Z");
  EXPECT_EQ(InstantOf("2026-01-31", "Asia/Tokyo"), "2026-01-30T15:00:00Z");
}

TEST(TimestampTest, WhatIsNoTimeIsRefused) {
  for (const char* text : {"", "yesterday", "2026-02-30", "2026-13-01", "2026-01-31T24:00",
                           "2026-01-31T09", "2026-01-31T09:00:60", "2026-01-31T09:00:00.1234567",
                           "2026-1-31", "2026-01-31T09:00Europe/London", "2026-01-31x"}) {
    EXPECT_THAT(ParseTimestamp(text, TimeZone::Utc()), IsError(ErrorKind::kUsage)) << text;
  }
}

TEST(DurationTest, TextIsTheShortest) {
  for (const char* text : {"0", "90s", "36h", "60d", "2w", "90m", "1h1s", "1ms", "1us"}) {
    EXPECT_EQ(FormatDuration(ParseDuration(text).value()), text);
  }
  EXPECT_EQ(FormatDuration(Hours(24)), "1d");
  EXPECT_EQ(ParseDuration("1h30m").value(), Minutes(90));
}

TEST(DurationTest, WhatIsNoDurationIsRefused) {
  for (const char* text :
       {"", "5", "m", "-1h", "1 h", "1.5h", "1H", "1y", "h1", "1h30", "99999999999999w"}) {
    EXPECT_THAT(ParseDuration(text), IsError(ErrorKind::kUsage)) << text;
  }
}

RC_GTEST_PROP(DurationProperty, TextLeadsBackToTheDuration, ()) {
  const Duration d{*rc::gen::oneOf(rc::gen::nonNegative<int64_t>(),
                                   rc::gen::map(rc::gen::inRange<int64_t>(0, 100'000),
                                                [](int64_t n) { return n * 1'000'000; }))};
  RC_ASSERT((ParseDuration(FormatDuration(d)).value() == d));
}

}  // namespace
}  // namespace sluice
