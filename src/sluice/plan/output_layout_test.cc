#include "sluice/plan/output_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::plan {
namespace {

using config::Partition;
using config::Pattern;

Timestamp At(std::string_view text) { return *ParseTimestamp(text, TimeZone::Utc()); }

TimeZone Zone(std::string_view name) { return *TimeZone::Find(name); }

TEST(OutputLayoutTest, EveryPatternHasItsFolder) {
  EXPECT_EQ(DataFolder(Pattern::kAppend, "events"), "events_incremental/");
  EXPECT_EQ(DataFolder(Pattern::kCdc, "users"), "users_cdc/");
  EXPECT_EQ(DataFolder(Pattern::kSnapshot, "countries"), "countries/");
}

TEST(OutputLayoutTest, PartitionColumnsFollowThePartitioning) {
  EXPECT_THAT(PartitionColumns(Pattern::kAppend, Partition::kHourly),
              testing::ElementsAre("dt", "hr"));
  EXPECT_THAT(PartitionColumns(Pattern::kAppend, Partition::kDaily), testing::ElementsAre("dt"));
  EXPECT_THAT(PartitionColumns(Pattern::kCdc, Partition::kDaily),
              testing::ElementsAre("_commit_date", "snapshot_ts"));
}

TEST(OutputLayoutTest, FolderFollowsTheZone) {
  const Timestamp t = At("2026-01-01T03:30:00Z");
  EXPECT_EQ(PartitionFolder(t, Partition::kHourly, TimeZone::Utc()), "dt=2026-01-01/hr=03");
  EXPECT_EQ(PartitionFolder(t, Partition::kHourly, Zone("America/Los_Angeles")),
            "dt=2025-12-31/hr=19");
  EXPECT_EQ(PartitionFolder(t, Partition::kDaily, Zone("America/Los_Angeles")), "dt=2025-12-31");
  EXPECT_EQ(PartitionFolder(t, Partition::kHourly, Zone("Asia/Kolkata")), "dt=2026-01-01/hr=09");
}

TEST(OutputLayoutTest, PartitionEndIsTheNextPartitionsBegin) {
  EXPECT_EQ(PartitionEnd("dt=2026-01-31/hr=23", TimeZone::Utc()), At("2026-02-01T00:00:00Z"));
  EXPECT_EQ(PartitionEnd("dt=2026-12-31", TimeZone::Utc()), At("2027-01-01T00:00:00Z"));
  EXPECT_EQ(PartitionEnd("dt=2026-01-01/hr=09", Zone("Asia/Kolkata")), At("2026-01-01T04:30:00Z"));
}

TEST(OutputLayoutTest, RepeatedHourEndsAfterItsSecondPass) {
  const TimeZone zone = Zone("America/Los_Angeles");
  EXPECT_EQ(PartitionEnd("dt=2026-11-01/hr=01", zone), At("2026-11-01T10:00:00Z"));
  EXPECT_EQ(PartitionEnd("dt=2026-11-01/hr=00", zone), At("2026-11-01T08:00:00Z"));
  EXPECT_EQ(PartitionEnd("dt=2026-11-01", zone), At("2026-11-02T08:00:00Z"));
}

TEST(OutputLayoutTest, HourThatComesTwiceWithAnotherBetweenEndsAtTheLast) {
  // Troll goes from UTC+2 to UTC+0: 01, 02, then 01 and 02 once more.
  const TimeZone zone = Zone("Antarctica/Troll");
  EXPECT_EQ(PartitionEnd("dt=2026-10-25/hr=01", zone), At("2026-10-25T02:00:00Z"));
  EXPECT_EQ(PartitionEnd("dt=2026-10-25/hr=02", zone), At("2026-10-25T03:00:00Z"));
}

TEST(OutputLayoutTest, TextThatIsNoFolderHasNoEnd) {
  for (const char* text :
       {"", "dt=", "dt=2026-1-01", "dt=2026-02-30", "dt=2026-13-01", "dt=2026-01-01/", "hr=01",
        "dt=2026-01-01/hr=24", "dt=2026-01-01/hr=1", "dt=2026-01-01/hr=01/x", "DT=2026-01-01",
        "dt=99999999999999999999-01-01", "dt=2026-01-01/hr=-1", "dt=+026-01-01"}) {
    EXPECT_EQ(PartitionEnd(text, TimeZone::Utc()), std::nullopt) << text;
  }
}

TEST(OutputLayoutTest, HourInAGapIsNoPartition) {
  EXPECT_EQ(PartitionEnd("dt=2026-03-08/hr=02", Zone("America/Los_Angeles")), std::nullopt);
}

TEST(OutputLayoutTest, DataFileNameReadsBack) {
  for (const DataFileName& name :
       {DataFileName{12, "9f00aa11bb22cce1", 3}, DataFileName{0, "0000000000000000", 0},
        DataFileName{1234567890, "ffffffffffffffff", 1234567}}) {
    const std::string text = FormatDataFileName(name);
    const auto parsed = ParseDataFileName(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    EXPECT_EQ(parsed->n, name.n);
    EXPECT_EQ(parsed->attempt, name.attempt);
    EXPECT_EQ(parsed->ordinal, name.ordinal);
  }
  EXPECT_EQ(FormatDataFileName({12, "9f00aa11bb22cce1", 3}),
            "sluice-00000012-9f00aa11bb22cce1-00003.parquet");
}

TEST(OutputLayoutTest, ForeignNamesAreNotParsed) {
  for (const char* name :
       {"", "part-00000-1.parquet", "sluice-12-9f00aa11bb22cce1-00003.parquet",
        "sluice-00000012-9f00aa11bb22cce1-3.parquet",
        "sluice-00000012-9F00AA11BB22CCE1-00003.parquet",
        "sluice-00000012-9f00aa11bb22cce1-00003.parquet.crc", "sluice-00000012-9f00-00003.parquet",
        "sluice--0000012-9f00aa11bb22cce1-00003.parquet",
        "sluice-00000012-9f00aa11bb22cce1-00003.snappy.parquet",
        "sluice-000000012-9f00aa11bb22cce1-00003.parquet",
        "x/sluice-00000012-9f00aa11bb22cce1-00003.parquet",
        "sluice-99999999999999999999-9f00aa11bb22cce1-00003.parquet"}) {
    EXPECT_EQ(ParseDataFileName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace sluice::plan
