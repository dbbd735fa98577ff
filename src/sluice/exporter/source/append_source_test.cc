#include "sluice/exporter/source/append_source.h"

#include <gmock/gmock.h>

#include "sluice/exporter/source/late_sources.h"
#include "sluice/exporter/source/source_fixture.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ::testing::ElementsAre;
using testing::HasMessage;
using testing::HasRemedy;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

class AppendSourceTest : public SourceTest {
 protected:
  AppendSourceTest() : SourceTest(Append()) { source.Append({Row(1, 3), Row(2, 9)}); }

  Result<PlannedWork> TryPlan() { return Look().value()->Plan(); }
};

TEST_F(AppendSourceTest, PlansWhatIsNewUpToTheHour) {
  const auto plan = Plan();
  ASSERT_EQ(plan.size(), 1);
  EXPECT_EQ(plan[0].start, ledger::Bound(Hour(0)));
  EXPECT_EQ(plan[0].end, ledger::Bound(Hour(10)));
  ExportAll();
  EXPECT_THAT(Kinds(), IsEmpty());
}

TEST_F(AppendSourceTest, LateRowsComeBeforeTheNextWindow) {
  ExportAll();
  source.Append({Row(3, 2)});
  EXPECT_THAT(Kinds(), IsEmpty()) << "they wait for a window";
  clock->Set(Hour(11));
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kLate, ExportKind::kWindow));
  table.late_rows = config::LateRows::kIgnore;
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kWindow));
}

TEST_F(AppendSourceTest, CommitsThatBroughtNoRowsAreNotLookedThrough) {
  ExportAll();
  source.Optimize();
  clock->Set(Hour(11));
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kWindow));
}

TEST_F(AppendSourceTest, LateRowsCannotBeFoundWhereTheirFilesWereVacuumed) {
  ExportAll();
  source.Append({Row(3, 2)});
  source.Update([](const auto& row) { return row.id == 3; }, "another");
  source.Vacuum();
  clock->Set(Hour(11));
  EXPECT_THAT(TryPlan(), IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(TryPlan(), HasMessage("cannot distinguish late rows from rewritten ones"));
  EXPECT_THAT(TryPlan(),
              HasRemedy("--from 2026-01-01T00:00:00Z --to 2026-01-01T10:00:00Z --again"));
}

TEST_F(AppendSourceTest, LateRowsCannotBeFoundWhereTheLogWasCleaned) {
  ExportAll();
  source.Append({Row(3, 2)});
  source.Append({Row(4, 2)});
  source.Checkpoint();
  source.CleanLog(source.version());
  clock->Set(Hour(11));
  EXPECT_THAT(TryPlan(), IsError(ErrorKind::kSourceGone));
  EXPECT_THAT(TryPlan(), HasRemedy("late_rows: ignore"));
}

TEST_F(AppendSourceTest, SourceThatWasRecreatedIsRefused) {
  ExportAll();
  source.Recreate("22222222-2222-4222-8222-222222222222");
  source.Append({Row(1, 3)});
  clock->Set(Hour(11));
  EXPECT_THAT(TryPlan(), IsError(ErrorKind::kConflict));
}

TEST_F(AppendSourceTest, PositionInTheFarFutureIsNoted) {
  position.end = position.first_start = Hour(24 * 40);
  SourceOptions options;
  options.assume_row_at = position.end;
  const auto work = Look(options).value()->Plan();
  ASSERT_THAT(work, IsOk());
  EXPECT_THAT(work->notes, ElementsAre(HasSubstr("nothing is exported until then")));
}

TEST_F(AppendSourceTest, WatermarkThatTheSourceLacksIsNamed) {
  table.append().watermark = "tz";
  EXPECT_THAT(Look(), IsError(ErrorKind::kConfig));
  EXPECT_THAT(Look(), HasMessage("the table has no column 'tz'"));
}

TEST_F(AppendSourceTest, IntentIsPlannedAgainAsItWas) {
  const auto planned = Plan().front();
  ledger::Intent intent;
  intent.kind = planned.kind();
  intent.start = planned.start;
  intent.end = planned.end;
  intent.source_version = planned.source_version;
  source.Append({Row(3, 4)});
  clock->Set(Hour(20));
  SourceOptions pinned;
  pinned.at = intent.source_version;
  const auto again = Look(pinned).value()->PlanAgain(intent);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->end, planned.end);
  EXPECT_EQ(again->source_version, planned.source_version);
  EXPECT_EQ(again->position.scanned_through, planned.position.scanned_through);
}

TEST_F(AppendSourceTest, RangesEndWhereTheWindowsBegin) {
  const auto ranges = LookAtRanges(session, position, {});
  ASSERT_THAT(ranges, IsOk());
  EXPECT_EQ((*ranges)->RangeLimit().value(), Hour(0).micros);
  ExportAll();
  EXPECT_EQ(LookAtRanges(session, position, {}).value()->RangeLimit().value(), Hour(10).micros);
}

TEST_F(AppendSourceTest, RemedyForLateRowsNamesTheWholeOfWhatIsExported) {
  position.first_start = Hour(0);
  position.end = Hour(5);
  const Error error = WithLateRemedy("events", position, Error{ErrorKind::kCorrupt, "it", {}});
  EXPECT_EQ(error.message, "it");
  EXPECT_THAT(error.remedy, HasSubstr("`sluice backfill events --from 2026-01-01T00:00:00Z --to "
                                      "2026-01-01T05:00:00Z --again`"));
}

}  // namespace
}  // namespace sluice::exporter
