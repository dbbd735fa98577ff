#include "sluice/ledger/runner.h"

#include <gtest/gtest.h>

#include "sluice/testing/matchers.h"

namespace sluice::ledger {
namespace {

TEST(HeartbeatTest, HostWhoseNameIsNotUtf8IsWrittenAllTheSame) {
  Heartbeat heartbeat;
  heartbeat.runner.host = "build-\xff-7";
  heartbeat.runner.run_id = "0123456789abcdef";
  const auto parsed = ParseHeartbeat(Serialize(heartbeat), "heartbeat");
  ASSERT_THAT(parsed, testing::IsOk());
  EXPECT_EQ(parsed->runner.run_id, heartbeat.runner.run_id);
}

}  // namespace
}  // namespace sluice::ledger
