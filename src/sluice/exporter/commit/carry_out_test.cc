#include "sluice/exporter/commit/carry_out.h"

#include <gmock/gmock.h>

#include "sluice/exporter/commit/commit_fixture.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using testing::HasRemedy;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

class CarryOutTest : public CommitTest {
 protected:
  CarriedOut Carry(const std::vector<plan::PlannedExport>& exports, int64_t newest = 0) {
    return CarryOut(Context(), access, source, newest, exports, progress);
  }
  FakeSource source{{}};
};

TEST_F(CarryOutTest, NumbersExportsInTheirOrder) {
  const CarriedOut done = Carry({Window(0, 3), Window(3, 5)});
  EXPECT_THAT(done.then, IsOk());
  ASSERT_THAT(done.outcomes, SizeIs(2));
  EXPECT_EQ(done.outcomes[0].published()->window.n, 1);
  EXPECT_EQ(done.outcomes[1].published()->window.n, 2);
  EXPECT_EQ(StateRow(), Hour(5));
}

TEST_F(CarryOutTest, CountsRowsWithoutAWatermarkOnceForAllWindows) {
  access.mover().null_watermarks = 4;
  const CarriedOut done = Carry({Window(0, 3), Window(3, 5)});
  EXPECT_EQ(access.mover().files_to_count, 0) << "the first window counted them";
  ASSERT_THAT(done.outcomes, SizeIs(2));
  EXPECT_EQ(done.outcomes[1].published()->null_watermarks, 4);
}

TEST_F(CarryOutTest, CommitsThatOnlyRewroteRowsLeaveNoExport) {
  ASSERT_THAT(Carry({Window(0, 3)}).then, IsOk());
  const CarriedOut done = Carry({Late(3), Window(3, 5)}, 1);
  EXPECT_THAT(done.then, IsOk());
  ASSERT_THAT(done.outcomes, SizeIs(1));
  EXPECT_EQ(done.outcomes[0].published()->window.n, 2);
}

TEST_F(CarryOutTest, LateRowsAreExportedOrOnlyCountedAsTheConfigSays) {
  ASSERT_THAT(Carry({Window(0, 3)}).then, IsOk());
  access.mover().late_rows = 1;
  table.late_rows = config::LateRows::kReport;
  const CarriedOut counted = Carry({Late(3)}, 1);
  EXPECT_THAT(counted.outcomes, IsEmpty());
  EXPECT_EQ(counted.late_rows, 1);
  EXPECT_THAT(counted.notes, ElementsAre(HasSubstr("1 row came late and is not exported")));
  table.late_rows = config::LateRows::kExport;
  EXPECT_THAT(Carry({Late(3)}, 1).outcomes, SizeIs(1));
}

TEST_F(CarryOutTest, LateRowsThatCannotBeReadComeWithTheWayOut) {
  access.mover().error = Error{ErrorKind::kSourceGone, "a.parquet was vacuumed", {}};
  EXPECT_THAT(Carry({Late(3)}, 1).then, HasRemedy("sluice backfill events"));
  access.mover().error = Error{ErrorKind::kTransient, "no answer", {}};
  EXPECT_THAT(Carry({Late(3)}, 1).then, Not(HasRemedy("sluice backfill")));
}

TEST_F(CarryOutTest, EndsWhereAnotherRunnerCameFirst) {
  Begun(1, Window(0, 3));
  const CarriedOut done = Carry({Window(0, 3), Window(3, 5)});
  EXPECT_TRUE(done.lost);
  EXPECT_THAT(done.then, IsOk());
  EXPECT_THAT(done.outcomes, SizeIs(1));
  EXPECT_EQ(access.mover().moves, 0);
}

TEST_F(CarryOutTest, EndsAtTheFirstFailureAndKeepsWhatIsDone) {
  access.mover().meanwhile = [&] {
    access.mover().error = Error{ErrorKind::kStorage, "the disk is full", {}};
  };
  const CarriedOut done = Carry({Window(0, 3), Window(3, 5), Window(5, 6)});
  EXPECT_THAT(done.then, IsError(ErrorKind::kStorage));
  EXPECT_FALSE(done.lost);
  EXPECT_THAT(done.outcomes, SizeIs(1));
  EXPECT_EQ(access.mover().moves, 2);
}

TEST_F(CarryOutTest, ReportsWhatIsVisibleAlthoughTheStateCouldNotFollow) {
  Decided(1, Window(0, 3));
  const CarriedOut done = Carry({Window(3, 5)}, 1);
  EXPECT_THAT(done.then, IsError(ErrorKind::kConflict)) << "export 1 was not settled";
  ASSERT_THAT(done.outcomes, SizeIs(1));
  EXPECT_NE(done.outcomes[0].published(), nullptr) << "it is visible all the same";
}

}  // namespace
}  // namespace sluice::exporter
