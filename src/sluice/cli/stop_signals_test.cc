#include "sluice/cli/stop_signals.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace sluice::cli {
namespace {

using ::testing::ExitedWithCode;
using ::testing::KilledBySignal;

/// Handlers last as long as the process: each test has one of its own.
class StopSignalsDeathTest : public ::testing::TestWithParam<int> {
 protected:
  StopSignalsDeathTest() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_P(StopSignalsDeathTest, TheFirstSignalCancelsTheToken) {
  EXPECT_EXIT(
      {
        const runtime::CancelToken token;
        StopOnSignals(token);
        std::raise(GetParam());
        std::_Exit(token.signal() == GetParam() ? 0 : 1);
      },
      ExitedWithCode(0), "");
}

TEST_P(StopSignalsDeathTest, TheSecondSignalKills) {
  EXPECT_EXIT(
      {
        StopOnSignals({});
        std::raise(GetParam());
        std::raise(GetParam());
        std::_Exit(0);
      },
      KilledBySignal(GetParam()), "");
}

INSTANTIATE_TEST_SUITE_P(Both, StopSignalsDeathTest, ::testing::Values(SIGINT, SIGTERM));

TEST(StopSignalsOnceDeathTest, AReaderOfTheOutputThatGoesAwayDoesNotKill) {
  EXPECT_EXIT(
      {
        StopOnSignals({});
        int ends[2];
        if (pipe(ends) != 0) std::_Exit(2);
        close(ends[0]);
        std::_Exit(write(ends[1], "x", 1) == -1 ? 0 : 1);
      },
      ExitedWithCode(0), "");
}

}  // namespace
}  // namespace sluice::cli
