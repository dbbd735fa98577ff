#include "sluice/transfer/partition_index.h"

#include <gmock/gmock.h>

#include <limits>
#include <string_view>
#include <thread>
#include <vector>

#include "sluice/base/time_zone.h"

namespace sluice::transfer {
namespace {

using Kind = plan::Partitioning::Kind;

Timestamp Utc(std::string_view text) { return ParseTimestamp(text, TimeZone::Utc()).value(); }

PartitionIndex IndexOf(Kind kind, const char* zone = "UTC") {
  return PartitionIndex({kind, TimeZone::Find(zone).value(), "snapshot_ts=x"});
}

TEST(PartitionIndexTest, PartitionsAreNumberedInTheOrderInWhichTheyAreMet) {
  PartitionIndex index = IndexOf(Kind::kHour);
  EXPECT_EQ(index.SpanOf(Utc("2026-01-01 09:30")).partition, 0);
  EXPECT_EQ(index.SpanOf(Utc("2026-01-01 08:30")).partition, 1);
  EXPECT_EQ(index.SpanOf(Utc("2026-01-01 09:59:59.999999")).partition, 0);
  EXPECT_EQ(index.folder(0), "dt=2026-01-01/hr=09");
  EXPECT_EQ(index.folder(1), "dt=2026-01-01/hr=08");
}

TEST(PartitionIndexTest, AnHourIsHalfOpen) {
  PartitionIndex index = IndexOf(Kind::kHour);
  const PartitionSpan span = index.SpanOf(Utc("2026-01-01 09:30"));
  EXPECT_EQ(span.begin, Utc("2026-01-01 09:00").micros);
  EXPECT_EQ(span.end, Utc("2026-01-01 10:00").micros);
  EXPECT_EQ(index.end(0), span.end);
}

TEST(PartitionIndexTest, HoursBefore1970AreFound) {
  PartitionIndex index = IndexOf(Kind::kHour);
  const PartitionSpan span = index.SpanOf(Utc("1969-12-31 23:30"));
  EXPECT_EQ(span.begin, Utc("1969-12-31 23:00").micros);
  EXPECT_EQ(span.end, 0);
}

TEST(PartitionIndexTest, HoursAreThoseOfTheZone) {
  PartitionIndex index = IndexOf(Kind::kHour, "Asia/Kolkata");  // UTC+5:30
  const PartitionSpan span = index.SpanOf(Utc("2026-01-01 00:40"));
  EXPECT_EQ(span.begin, Utc("2026-01-01 00:30").micros);
  EXPECT_EQ(index.folder(0), "dt=2026-01-01/hr=06");
}

TEST(PartitionIndexTest, AnHourThatComesTwiceIsOnePartition) {
  PartitionIndex index = IndexOf(Kind::kHour, "Europe/Berlin");
  const PartitionSpan summer = index.SpanOf(Utc("2026-10-25 00:30"));
  const PartitionSpan winter = index.SpanOf(Utc("2026-10-25 01:30"));
  EXPECT_EQ(index.folder(0), "dt=2026-10-25/hr=02");
  EXPECT_EQ(winter.partition, summer.partition);
  EXPECT_EQ(summer.end, winter.begin) << "the spans of the two do not overlap";
  EXPECT_EQ(index.end(0), Utc("2026-10-25 02:00").micros);
}

TEST(PartitionIndexTest, ADayThatLosesAnHourEndsAtItsMidnight) {
  PartitionIndex index = IndexOf(Kind::kDay, "Europe/Berlin");
  for (const char* time :
       {"2026-03-28 23:00", "2026-03-29 00:59", "2026-03-29 01:00", "2026-03-29 21:59"}) {
    EXPECT_EQ(index.SpanOf(Utc(time)).partition, 0) << time;
  }
  EXPECT_EQ(index.end(0), Utc("2026-03-29 22:00").micros);
  EXPECT_EQ(index.SpanOf(Utc("2026-03-29 22:00")).partition, 1);
}

TEST(PartitionIndexTest, ASnapshotIsOnePartitionOfAllTime) {
  PartitionIndex index = IndexOf(Kind::kSnapshot);
  const PartitionSpan span = index.SpanOf(Timestamp{});
  EXPECT_TRUE(span.Contains(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(index.folder(span.partition), "snapshot_ts=x");
}

TEST(PartitionIndexTest, EachInstantLiesInItsOwnSpanAndFolder) {
  for (const char* zone : {"UTC", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"}) {
    PartitionIndex index = IndexOf(Kind::kHour, zone);
    for (Timestamp t = Utc("2011-12-28 00:00"); t < Utc("2012-01-02 00:00"); t = t + Minutes(7)) {
      const PartitionSpan span = index.SpanOf(t);
      ASSERT_TRUE(span.Contains(t.micros)) << zone << ' ' << t.micros;
      for (const int64_t edge : {span.begin, span.end - 1}) {
        ASSERT_EQ(
            plan::PartitionFolder(Timestamp{edge}, {Kind::kHour, TimeZone::Find(zone).value(), ""}),
            index.folder(span.partition))
            << zone << ' ' << edge;
      }
    }
  }
}

TEST(PartitionIndexTest, ThreadsAgreeOnTheNumbers) {
  PartitionIndex index = IndexOf(Kind::kHour);
  std::vector<std::vector<int>> found(4);
  std::vector<std::thread> threads;
  for (auto& numbers : found) {
    threads.emplace_back([&index, &numbers] {
      PartitionLookup lookup(index);
      for (int64_t hour = 0; hour < 500; ++hour) numbers.push_back(lookup.Find(Hours(hour).micros));
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& numbers : found) EXPECT_EQ(numbers, found[0]);
}

}  // namespace
}  // namespace sluice::transfer
