#include "sluice/cli/plan_text.h"

#include <gmock/gmock.h>

namespace sluice::cli {
namespace {

using exporter::PlanReport;
using exporter::RunStatus;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr Timestamp Hour(int64_t hour) { return Timestamp{Hours(hour).micros}; }

PlanReport OneWindow() {
  PlanReport report;
  report.table = "main.sales.events";
  report.name = "events";
  report.status = RunStatus::kExported;
  report.source_version = Version{12};
  exporter::PlannedWindow window;
  window.start = Hour(1);
  window.end = Hour(2);
  window.source_files = 1'234;
  window.source_bytes = 3 << 20;
  window.source_rows = 5'000;
  window.partitions = 2;
  window.rewritten_files = 1'234;
  report.windows.push_back(window);
  report.put_requests = 5;
  report.get_requests = 9;
  return report;
}

TEST(PlanTextTest, AWindowIsOneLineWithItsRangeAndAmounts) {
  const std::string text = DescribePlan(OneWindow());
  EXPECT_THAT(text, StartsWith("events  source at version 12"));
  for (const char* part :
       {"1970-01-01T01:00Z  1970-01-01T02:00Z", "1,234 ", "5,000", "3.0 MiB", "1,234 rewritten"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST(PlanTextTest, TimesThatAreNotWholeMinutesAreShownInFull) {
  PlanReport report = OneWindow();
  report.windows[0].end = Timestamp{Hours(2).micros + 1};
  EXPECT_THAT(DescribePlan(report), HasSubstr("1970-01-01T02:00:00.000001Z"));
}

TEST(PlanTextTest, HowFilesMoveNamesOnlyWhatThereIs) {
  PlanReport report = OneWindow();
  report.windows[0].copied_files = 12;
  report.windows[0].rewritten_files = 3;
  EXPECT_THAT(DescribePlan(report), HasSubstr("12 copied, 3 rewritten"));
  report.windows[0].copied_files = report.windows[0].rewritten_files = 0;
  EXPECT_THAT(DescribePlan(report), Not(HasSubstr("copied")));
}

TEST(PlanTextTest, RowsThatTheLogDoesNotCountAreUnknown) {
  PlanReport report = OneWindow();
  report.windows[0].source_rows.reset();
  EXPECT_THAT(DescribePlan(report), HasSubstr("?"));
  EXPECT_TRUE(ToJson(report)["windows"][0]["source_rows"].is_null());
}

TEST(PlanTextTest, OnlyRequestsThatCostAnythingHaveAPrice) {
  PlanReport report = OneWindow();
  EXPECT_THAT(DescribePlan(report), Not(HasSubstr("$")));
  report.cost_usd = 0.01234;
  EXPECT_THAT(DescribePlan(report), HasSubstr("$0.0123"));
}

TEST(PlanTextTest, NothingNewIsOneLine) {
  PlanReport report;
  report.name = "events";
  EXPECT_EQ(DescribePlan(report), "events  nothing new");
}

TEST(PlanTextTest, AFailedPlanShowsTheWindowsThatItGotTo) {
  PlanReport report = OneWindow();
  report.status = RunStatus::kFailed;
  EXPECT_THAT(DescribePlan(report), HasSubstr("5,000"));
  report.windows.clear();
  EXPECT_THAT(DescribePlan(report), Not(HasSubstr("KIND")));
}

TEST(PlanTextTest, NotesStandBelow) {
  PlanReport report = OneWindow();
  report.notes = {"column 'x' added"};
  EXPECT_THAT(DescribePlan(report), EndsWith("\n  column 'x' added"));
}

TEST(PlanTextTest, TheDocumentHoldsEveryKeyOfTheContract) {
  const auto json = ToJson(OneWindow());
  for (const char* key : {"table", "name", "pattern", "status", "source_version", "windows",
                          "unfinished", "requests", "cost_usd", "error"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["status"], "to_export");
  EXPECT_EQ(json["windows"][0]["start"], "1970-01-01T01:00:00Z");
  EXPECT_EQ(json["windows"][0]["moved"]["rewritten"], 1'234);
  EXPECT_TRUE(ToJson(PlanReport{})["source_version"].is_null());
}

}  // namespace
}  // namespace sluice::cli
