#include "sluice/config/schedule.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace sluice::config {
namespace {

std::string Next(std::string_view schedule, std::string_view after, std::string_view zone = "UTC") {
  const auto next = NextRun(schedule, ParseTimestamp(after, TimeZone::Utc()).value(),
                            TimeZone::Find(zone).value());
  return next ? FormatTimestamp(*next) : "never";
}

TEST(ScheduleTest, NamesAreFullHoursMidnightsAndMondays) {
  EXPECT_EQ(Next("hourly", "2026-01-01T09:00:00Z"), "2026-01-01T10:00:00Z");
  EXPECT_EQ(Next("hourly", "2026-01-01T08:59:59.999999Z"), "2026-01-01T09:00:00Z");
  EXPECT_EQ(Next("daily", "2026-01-01T09:00:00Z"), "2026-01-02T00:00:00Z");
  EXPECT_EQ(Next("daily", "2026-01-01T09:00:00Z", "Asia/Kolkata"), "2026-01-01T18:30:00Z");
  EXPECT_EQ(Next("weekly", "2026-01-01T09:00:00Z"), "2026-01-05T00:00:00Z");
}

TEST(ScheduleTest, CronFieldsAreListsRangesStepsAndNames) {
  EXPECT_EQ(Next("15 * * * *", "2026-01-01T09:15:00Z"), "2026-01-01T10:15:00Z");
  EXPECT_EQ(Next("*/20 * * * *", "2026-01-01T09:15:00Z"), "2026-01-01T09:20:00Z");
  EXPECT_EQ(Next("5,50 8-10 * * *", "2026-01-01T10:50:00Z"), "2026-01-02T08:05:00Z");
  EXPECT_EQ(Next("0 0 1 jan *", "2026-01-01T00:00:00Z"), "2027-01-01T00:00:00Z");
  EXPECT_EQ(Next("0 6 * * mon-fri", "2026-01-02T06:00:00Z"), "2026-01-05T06:00:00Z");
  EXPECT_EQ(Next("0 0 * * 7", "2026-01-01T00:00:00Z"), "2026-01-04T00:00:00Z") << "7 is Sunday";
}

TEST(ScheduleTest, DayAndWeekdayGivenMeansEither) {
  EXPECT_EQ(Next("0 0 13 * fri", "2026-01-10T00:00:00Z"), "2026-01-13T00:00:00Z");
  EXPECT_EQ(Next("0 0 13 * fri", "2026-01-13T00:00:00Z"), "2026-01-16T00:00:00Z");
}

TEST(ScheduleTest, WhatNeverFiresIsNever) {
  EXPECT_EQ(Next("0 0 30 2 *", "2026-01-01T00:00:00Z"), "never");
  for (const char* text : {"", "monthly", "* * * *", "60 * * * *", "* 24 * * *", "*/0 * * * *",
                           "5-1 * * * *", "x * * * *", "* * 0 * *", "* * * 13 *", "* * * * 8"}) {
    EXPECT_EQ(Next(text, "2026-01-01T00:00:00Z"), "never") << text;
  }
  EXPECT_EQ(Next("0 0 29 2 *", "2026-01-01T00:00:00Z"), "2028-02-29T00:00:00Z");
}

TEST(ScheduleTest, MistakesSayWhichFieldIsWrong) {
  EXPECT_EQ(ScheduleMistake("hourly"), std::nullopt);
  EXPECT_EQ(ScheduleMistake("0 0 29 2 *"), std::nullopt);
  EXPECT_EQ(ScheduleMistake("61 * * * *"), "its minute '61' is not within 0 to 59");
  EXPECT_EQ(ScheduleMistake("0 0 * foo *"), "its month 'foo' is not within 1 to 12");
  EXPECT_EQ(ScheduleMistake("0 0 31 2,4 *"),
            "no month that it names has such a day, so it never fires");
  EXPECT_EQ(ScheduleMistake("0 0 31 2 mon"), std::nullopt) << "Mondays";
  EXPECT_NE(ScheduleMistake("monthly"), std::nullopt);
}

RC_GTEST_PROP(ScheduleProperty, NextRunIsLaterAndTheFirst, ()) {
  const TimeZone zone = TimeZone::Find(*rc::gen::element<std::string>("UTC", "America/Los_Angeles",
                                                                      "Australia/Lord_Howe"))
                            .value();
  const Timestamp after{1'767'225'600'000'000 +
                        *rc::gen::inRange<int64_t>(0, 365 * 24 * 60) * 60'000'000};
  const auto next = NextRun("*/10 * * * *", after, zone);
  RC_ASSERT(next.has_value());
  RC_ASSERT(*next > after);
  RC_ASSERT((*next - after).micros <= Minutes(10).micros);
  RC_ASSERT(zone.ToCivil(*next).minute % 10 == 0);
}

}  // namespace
}  // namespace sluice::config
