#include "sluice/exporter/source/snapshot_source.h"

#include <gmock/gmock.h>

#include "sluice/exporter/source/source_fixture.h"

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsError;

class SnapshotSourceTest : public SourceTest {
 protected:
  SnapshotSourceTest() : SourceTest(config::SnapshotOptions{}) { source.Append({Row(1, 1)}); }
};

TEST_F(SnapshotSourceTest, EachRunExportsTheWholeTableIntoAFolderOfItsOwn) {
  const auto first = Plan();
  ASSERT_EQ(first.size(), 1);
  ExportAll();
  const auto second = Plan();
  ASSERT_EQ(second.size(), 1);
  EXPECT_LT(first[0].whole_table()->at, second[0].whole_table()->at) << "in the same second";
}

TEST_F(SnapshotSourceTest, UnchangedTableIsSkippedWhereAskedUntilARowChanges) {
  table.snapshot().skip_unchanged = true;
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kSnapshot)) << "the first one is always due";
  ExportAll();
  EXPECT_THAT(Kinds(), IsEmpty());
  source.Optimize();
  source.SetProperty("a", "b");
  EXPECT_THAT(Kinds(), IsEmpty()) << "no row changed";
  source.Append({Row(2, 2)});
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kSnapshot));
}

TEST_F(SnapshotSourceTest, OtherColumnsAreAChange) {
  table.snapshot().skip_unchanged = true;
  ExportAll();
  table.exclude = {"text"};
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kSnapshot));
}

TEST_F(SnapshotSourceTest, CommitsThatTheLogNoLongerHoldsCountAsAChange) {
  table.snapshot().skip_unchanged = true;
  ExportAll();
  source.Optimize();
  source.Optimize();
  source.Checkpoint();
  source.CleanLog(source.version());
  EXPECT_THAT(Kinds(), ElementsAre(ExportKind::kSnapshot));
}

TEST_F(SnapshotSourceTest, OlderVersionByHandIsASnapshotLikeAnyOther) {
  source.Append({Row(2, 2)});
  ExportAll();
  SourceOptions older;
  older.at = Version{0};
  EXPECT_THAT(Kinds(older), ElementsAre(ExportKind::kSnapshot));
}

TEST_F(SnapshotSourceTest, HasNoRangesToExportByHand) {
  EXPECT_THAT(LookAtRanges(session, position, {}), IsError(ErrorKind::kUsage));
}

}  // namespace
}  // namespace sluice::exporter
