#include "sluice/cli/run_text.h"

#include <gmock/gmock.h>

#include "sluice/cli/output.h"

namespace sluice::cli {
namespace {

using exporter::RunReport;
using exporter::RunStatus;
using testing::HasSubstr;
using testing::Not;

Timestamp Hour(int64_t hour) { return Timestamp{Hours(hour).micros}; }

RunReport Exported(int64_t windows) {
  RunReport report;
  report.table = "main.sales.events";
  report.name = "events";
  report.status = RunStatus::kExported;
  for (int64_t i = 0; i < windows; ++i) {
    report.windows.push_back(
        {i + 1, ledger::ExportKind::kWindow, Hour(i), Hour(i + 1), 1000, 2, 1 << 20});
    report.rows += 1000;
    report.files += 2;
    report.bytes += 1 << 20;
  }
  report.seconds = 0.5;
  return report;
}

TEST(RunTextTest, RunShowsItsAmountAndBelowItsRange) {
  EXPECT_EQ(DescribeRun(Exported(1), 8),
            "events    exported     1,000 rows, 2 files, 1.0 MiB in 0.50 s\n"
            "    (1970-01-01T00:00:00Z, 1970-01-01T01:00:00Z]");
}

TEST(RunTextTest, RunThatWasStoppedIsNotCalledFailed) {
  RunReport report;
  report.name = "events";
  report.status = RunStatus::kFailed;
  report.error = Error{ErrorKind::kCancelled, "stopped", {}};
  EXPECT_THAT(DescribeRun(report, 6), HasSubstr("events  stopped"));
  EXPECT_THAT(SummarizeRuns({report, Exported(1)}, 1), HasSubstr("1 exported, 1 stopped;"));
}

TEST(RunTextTest, SeveralWindowsAreShownAsOneRange) {
  const std::string text = DescribeRun(Exported(3), 6);
  EXPECT_THAT(text, HasSubstr("(1970-01-01T00:00:00Z, 1970-01-01T03:00:00Z] in 3 windows"));
  EXPECT_THAT(text, HasSubstr("3,000 rows"));
}

TEST(RunTextTest, WhatNeedsAttentionStandsBelow) {
  RunReport report = Exported(1);
  report.late_rows = 7;
  report.null_watermarks = 1;
  report.resumed = 2;
  report.notes = {"column 'x' added"};
  const std::string text = DescribeRun(report, 6);
  EXPECT_THAT(text, HasSubstr("\n    7 rows arrived late"));
  EXPECT_THAT(text, HasSubstr("\n    1 row of the source has no watermark"));
  EXPECT_THAT(text, HasSubstr("\n    finished 2 exports of an earlier run first"));
  EXPECT_THAT(text, HasSubstr("\n    column 'x' added"));
}

TEST(RunTextTest, RangesAreThoseOfTheirPattern) {
  EXPECT_EQ(DescribeRange(Hour(0), Hour(1)), "(1970-01-01T00:00:00Z, 1970-01-01T01:00:00Z]");
  EXPECT_EQ(DescribeRange({}, Hour(1)), "at 1970-01-01T01:00:00Z");
  EXPECT_EQ(DescribeRange(Version{3}, Version{17}), "versions (3, 17]");
  EXPECT_EQ(DescribeRange({}, Version{3}), "version 3");
  EXPECT_EQ(DescribeRange({}, {}), "");
}

TEST(RunTextTest, NothingNewIsShort) {
  RunReport report;
  report.name = "events";
  EXPECT_EQ(DescribeRun(report, 6), "events  nothing new");
}

TEST(RunTextTest, TheSummaryCountsOutcomesAndTotals) {
  RunReport failed;
  failed.status = RunStatus::kFailed;
  const std::string text = SummarizeRuns({Exported(1), Exported(2), failed}, 2.0);
  EXPECT_EQ(text,
            "3 tables: 2 exported, 1 failed; 3,000 rows in 6 files, 3.0 MiB; 2.00 s (1,500 rows/s, "
            "1.5 MiB/s)");
}

TEST(RunTextTest, TheSummaryOfNothingHasNoRate) {
  EXPECT_THAT(SummarizeRuns({RunReport{}}, 0.1), Not(HasSubstr("rows/s")));
}

TEST(RunTextTest, TheDocumentHoldsEveryKeyOfTheContract) {
  const auto json = ToJson(Exported(1));
  for (const char* key : {"table", "name", "pattern", "status", "windows", "rows", "files", "bytes",
                          "moved", "late_rows", "null_watermarks", "resumed", "seconds", "error"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["status"], "exported");
  EXPECT_TRUE(json["error"].is_null());
  EXPECT_EQ(json["windows"][0]["start"], "1970-01-01T00:00:00Z");
  EXPECT_EQ(json["windows"][0]["kind"], "window");
}

TEST(OutputTest, AmountsReadWell) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanCount(1234567), "1,234,567");
  EXPECT_EQ(HumanCount(-1234), "-1,234");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanSeconds(200), "3 min 20 s");
  EXPECT_EQ(Plural(1, "file"), "1 file");
  EXPECT_EQ(HumanDuration(Hours(26)), "26h 0m");
  EXPECT_EQ(HumanDuration(Hours(76)), "3d 4h");
}

TEST(OutputTest, ColumnsAlignByWhatIsSeen) {
  EXPECT_EQ(FormatTable({{"NAME", "ROWS"}, {"größe", "1"}, {"b", "1,000"}}, {1}),
            "NAME    ROWS\ngröße      1\nb      1,000");
}

}  // namespace
}  // namespace sluice::cli
