#include "sluice/cli/status_text.h"

#include <gmock/gmock.h>

#include "sluice/base/time_zone.h"
#include "sluice/cli/terminal.h"

namespace sluice::cli {
namespace {

using exporter::Health;
using exporter::StatusReport;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

StatusReport Report(Health health) {
  StatusReport report;
  report.name = "events";
  report.health = health;
  report.lag = Minutes(65);
  report.freshness = Hours(3);
  report.last_run_ago = Minutes(5);
  report.last_window = exporter::WindowReport{};
  report.last_window->end = *ParseTimestamp("2026-01-31T09:00:00Z", TimeZone::Utc());
  return report;
}

TEST(StatusTextTest, RowShowsTheEndTheLagAndTheLastRun) {
  EXPECT_EQ(StatusTable({Report(Health::kOk)}),
            "NAME    EXPORTED THROUGH   LAG    RETENTION  LAST RUN\n"
            "events  2026-01-31T09:00Z  1h 5m  -          ok, 5m ago");
}

TEST(StatusTextTest, FirstExportAtWorkIsNotCalledNeverRun) {
  StatusReport report = Report(Health::kRunning);
  report.running_export = 1;
  EXPECT_THAT(StatusTable({report}), HasSubstr("running export 1"));
}

TEST(StatusTextTest, LostRetentionIsNotAnAmountOfTime) {
  StatusReport report = Report(Health::kOk);
  report.retention_left = Duration{0};
  report.retention_lost = true;
  EXPECT_THAT(StatusTable({report}), HasSubstr("lost"));
  EXPECT_THAT(StatusRemarks(report), ElementsAre(HasSubstr("has dropped what the next run needs")));
}

TEST(StatusTextTest, FailureAndLatenessAreExplained) {
  StatusReport failed = Report(Health::kFailed);
  failed.last_error = "the disk is full";
  EXPECT_THAT(StatusFailure(failed), HasSubstr("failed: the disk is full"));
  EXPECT_THAT(StatusFailure(Report(Health::kLate)), HasSubstr("lags 1h 5m behind, and 3h 0m is"));
  EXPECT_THAT(StatusFailure(Report(Health::kStopped)), IsEmpty());
}

TEST(StatusTextTest, EveryOutcomeFitsEightyColumns) {
  for (const auto outcome : {Health::kUnknown, Health::kRunning, Health::kFailed, Health::kLate,
                             Health::kStopped, Health::kNeverRun, Health::kOk}) {
    StatusReport report = Report(outcome);
    report.name = "a_name_of_20_letters";
    report.running_export = 1234;
    report.lag = Days(100);
    report.last_run_ago = Days(3);
    report.retention_left = Days(28);
    const std::string text = StatusTable({report});
    EXPECT_LE(Width(text.substr(text.find('\n') + 1)), 80u) << text;
  }
}

}  // namespace
}  // namespace sluice::cli
