#include "sluice/exporter/report_builder.h"

#include <gmock/gmock.h>

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

Published Export(int64_t n, ExportKind kind, int64_t rows, int64_t null_watermarks = 0) {
  Published published;
  published.window.n = n;
  published.window.kind = kind;
  published.window.rows = rows;
  published.window.files = 1;
  published.window.bytes = 100 * rows;
  published.row_groups_rewritten = 1;
  published.null_watermarks = null_watermarks;
  return published;
}

Error Broken() { return Error{ErrorKind::kStorage, "the disk is full", "make room"}; }

class Reports : public ::testing::Test {
 protected:
  static config::Table Table() {
    config::Table table;
    table.table = "main.sales.events";
    table.name = "events";
    return table;
  }

  RunReport Finish(Status status = {}) { return std::move(builder).Finish(std::move(status), 1.5); }

  const config::Table table = Table();
  ReportBuilder builder{table};
};

TEST_F(Reports, AddUpWhatBecameVisible) {
  EXPECT_TRUE(builder.Add(Outcome{Export(3, ExportKind::kLate, 2), {}, {}}));
  EXPECT_TRUE(builder.Add(Outcome{Export(4, ExportKind::kWindow, 10), {}, {}}));
  const RunReport report = Finish();
  EXPECT_EQ(report.status, RunStatus::kExported);
  EXPECT_THAT(report.windows, ElementsAre(Field(&WindowReport::n, 3), Field(&WindowReport::n, 4)));
  EXPECT_EQ(report.rows, 12);
  EXPECT_EQ(report.bytes, 1200);
  EXPECT_EQ(report.rewritten, 2);
  EXPECT_EQ(report.late_rows, 2);
}

TEST_F(Reports, NameTheRowsWithoutAWatermarkOnceHoweverManyWindowsCountThem) {
  EXPECT_TRUE(builder.Add(Outcome{Export(1, ExportKind::kBackfill, 1, 7), {}, {}}));
  EXPECT_TRUE(builder.Add(Outcome{Export(2, ExportKind::kBackfill, 1, 7), {}, {}}));
  EXPECT_EQ(Finish().null_watermarks, 7);
}

TEST_F(Reports, KeepWhatIsVisibleWhereTheStateCouldNotFollow) {
  Status then = builder.Add(Outcome{Export(1, ExportKind::kWindow, 5), {}, Fail(Broken())});
  ASSERT_FALSE(then);
  const RunReport report = Finish(std::move(then));
  EXPECT_EQ(report.status, RunStatus::kFailed);
  EXPECT_EQ(report.error->message, "table main.sales.events: the disk is full");
  EXPECT_EQ(report.rows, 5);
}

TEST_F(Reports, KeepWhatWasDoneBeforeTheRestFailed) {
  CarriedOut carried_out;
  carried_out.outcomes.push_back({Export(1, ExportKind::kWindow, 5), {"a note"}, {}});
  carried_out.late_rows = 3;
  carried_out.then = Fail(Broken());
  EXPECT_FALSE(builder.Add(std::move(carried_out)));
  const RunReport report = Finish(Fail(Broken()));
  EXPECT_EQ(report.rows, 5);
  EXPECT_EQ(report.late_rows, 3);
  EXPECT_THAT(report.notes, ElementsAre("a note"));
}

TEST_F(Reports, CountAsResumedOnlyWhatThisRunMadeVisible) {
  EXPECT_TRUE(builder.AddResumed(Outcome{PublishedByOther{}, {}, {}}));
  EXPECT_TRUE(builder.AddResumed(Outcome{Voided{}, {"export 2 was voided"}, {}}));
  EXPECT_TRUE(builder.AddResumed(Outcome{Export(3, ExportKind::kWindow, 1), {}, {}}));
  EXPECT_EQ(Finish().resumed, 1);
}

TEST_F(Reports, AreBusyOnlyWhereNothingBecameVisibleBefore) {
  builder.SetBusy();
  EXPECT_TRUE(builder.is_busy());
  ReportBuilder other(table);
  EXPECT_TRUE(other.Add(Outcome{Export(1, ExportKind::kWindow, 1), {}, {}}));
  other.SetBusy();
  EXPECT_EQ(std::move(other).Finish({}, 0).status, RunStatus::kExported);
  EXPECT_THAT(Finish().windows, IsEmpty());
}

}  // namespace
}  // namespace sluice::exporter
