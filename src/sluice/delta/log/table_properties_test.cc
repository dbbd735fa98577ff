#include "sluice/delta/log/table_properties.h"

#include <gtest/gtest.h>

namespace sluice::delta {
namespace {

Metadata WithProperties(std::map<std::string, std::string> configuration) {
  Metadata metadata;
  metadata.configuration = std::move(configuration);
  return metadata;
}

TEST(ParseInterval, ReadsWhatSparkWrites) {
  EXPECT_EQ(ParseInterval("interval 1 days"), Days(1));
  EXPECT_EQ(ParseInterval("INTERVAL 2 weeks"), Days(14));
  EXPECT_EQ(ParseInterval("1 week"), Days(7));
  EXPECT_EQ(ParseInterval(" interval 1 day 12 hours 3 minutes 4 seconds "),
            Seconds(86400 + 12 * 3600 + 3 * 60 + 4));
  EXPECT_EQ(ParseInterval("interval 0 hours"), Days(0));
}

TEST(ParseInterval, RefusesTheRest) {
  for (const char* text : {"", "interval", "1", "days", "1 month", "interval 1 years", "-1 days",
                           "1.5 days", "1 days 2", "9223372036854775807 weeks"}) {
    EXPECT_FALSE(ParseInterval(text)) << text;
  }
}

TEST(PropertiesOf, AbsentOrUnreadableOnesHaveDeltasDefaults) {
  for (const auto& metadata :
       {Metadata(), WithProperties({{"delta.logRetentionDuration", "long"},
                                    {"delta.deletedFileRetentionDuration", "1 month"},
                                    {"delta.checkpointInterval", "0"}})}) {
    const TableProperties properties = PropertiesOf(metadata);
    EXPECT_EQ(properties.log_retention, Days(30));
    EXPECT_EQ(properties.deleted_file_retention, Days(7));
    EXPECT_EQ(properties.checkpoint_interval, 10);
    EXPECT_TRUE(properties.clean_up_log);
    EXPECT_FALSE(properties.in_commit_timestamps);
  }
}

TEST(PropertiesOf, GivenOnesAreRead) {
  const TableProperties properties =
      PropertiesOf(WithProperties({{"delta.logRetentionDuration", "interval 1 days"},
                                   {"delta.deletedFileRetentionDuration", "interval 2 hours"},
                                   {"delta.checkpointInterval", "5"},
                                   {"delta.enableExpiredLogCleanup", "false"},
                                   {"delta.enableInCommitTimestamps", "TRUE"}}));
  EXPECT_EQ(properties.log_retention, Days(1));
  EXPECT_EQ(properties.deleted_file_retention, Hours(2));
  EXPECT_EQ(properties.checkpoint_interval, 5);
  EXPECT_FALSE(properties.clean_up_log);
  EXPECT_TRUE(properties.in_commit_timestamps);
}

}  // namespace
}  // namespace sluice::delta
