#include "sluice/exporter/commit/settle.h"

#include <gmock/gmock.h>

#include "sluice/exporter/commit/commit_fixture.h"

namespace sluice::exporter {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

class SettleTest : public CommitTest {
 protected:
  Result<Outcome> SettleIt(const ledger::Decision& decision, bool manifest_exists = false) {
    return Settle(Context(), access, decision, manifest_exists);
  }
  /// As a lifecycle rule of the bucket does.
  void LoseUploadsOf(const ledger::Decision& decision) {
    for (const auto& file : decision.files) {
      EXPECT_THAT(destination->AbortUpload(file.upload.key, file.upload.upload_id), IsOk());
    }
  }
};

TEST_F(SettleTest, MayBeDoneAgainAndAgain) {
  const auto decision = Decided(1, Window(0, 3));
  EXPECT_NE(SettleIt(decision)->published(), nullptr);
  for (const bool manifest_exists : {false, true}) {
    const auto again = SettleIt(decision, manifest_exists);
    ASSERT_THAT(again, IsOk());
    EXPECT_TRUE(std::holds_alternative<PublishedByOther>(again->how));
    EXPECT_THAT(again->then, IsOk());
  }
  EXPECT_EQ(Visible(), 2);
  EXPECT_EQ(StateRow(), Hour(3));
}

TEST_F(SettleTest, LostFilesAreWrittenAgainUnderNewNames) {
  const auto decision = Decided(1, Window(0, 3));
  LoseUploadsOf(decision);
  const auto outcome = SettleIt(decision);
  ASSERT_THAT(outcome, IsOk());
  ASSERT_NE(outcome->published(), nullptr);
  EXPECT_THAT(outcome->notes, ElementsAre(HasSubstr("were written again")));
  const auto standing = ledger.ReadDecision(1).value();
  EXPECT_EQ(standing->generation, 2);
  EXPECT_EQ(standing->manifest.rows, decision.manifest.rows);
  EXPECT_NE(standing->files[0].upload.key, decision.files[0].upload.key);
  EXPECT_EQ(Visible(), 2);
}

TEST_F(SettleTest, LostFilesOfASourceThatIsGoneVoidTheExport) {
  const auto decision = Decided(1, Window(0, 3));
  LoseUploadsOf(decision);
  access.error = Error{ErrorKind::kSourceGone, "version 1 was cleaned up", {}};
  const auto outcome = SettleIt(decision);
  ASSERT_THAT(outcome, IsOk());
  EXPECT_TRUE(std::holds_alternative<Voided>(outcome->how));
  EXPECT_THAT(outcome->notes, ElementsAre(HasSubstr("version 1 was cleaned up")));
  EXPECT_EQ(ledger.ReadManifest(1).value()->kind, ledger::ExportKind::kVoid);
  EXPECT_EQ(StateRow(), std::nullopt);
  EXPECT_EQ(ledger.Load()->position().end, ledger::Bound()) << "its window is planned again";
}

TEST_F(SettleTest, SourceThatCannotBeReachedVoidsNothing) {
  const auto decision = Decided(1, Window(0, 3));
  LoseUploadsOf(decision);
  access.error = Error{ErrorKind::kTransient, "no answer", {}};
  EXPECT_THAT(SettleIt(decision), IsError(ErrorKind::kTransient));
  EXPECT_FALSE(ledger.ReadDecision(1).value()->is_void());
}

TEST_F(SettleTest, SourceWithOtherRowsVoidsTheExport) {
  const auto decision = Decided(1, Window(0, 3));
  LoseUploadsOf(decision);
  access.mover().files = 1;
  EXPECT_TRUE(std::holds_alternative<Voided>(SettleIt(decision)->how));
  EXPECT_EQ(Visible() + Pending(), 0);
}

TEST_F(SettleTest, ColumnThatIsExcludedNowDoesNotBecomeVisible) {
  const auto decision = Decided(1, Window(0, 3));
  table.exclude = {"ID"};
  EXPECT_THAT(SettleIt(decision), IsError(ErrorKind::kConflict));
  EXPECT_THAT(SettleIt(decision), HasMessage("column 'id' was excluded"));
  EXPECT_EQ(Visible(), 0);
}

}  // namespace
}  // namespace sluice::exporter
