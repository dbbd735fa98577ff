#include "sluice/verify/former_config.h"

#include <gmock/gmock.h>

#include "sluice/plan/planned_export.h"
#include "sluice/testing/matchers.h"

/// An export that is compared under the wrong config is called different, or worse, the same.
namespace sluice::verify {
namespace {

using ::testing::ElementsAre;
using testing::HasMessage;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

class FormerConfigTest : public ::testing::Test {
 protected:
  FormerConfigTest() {
    table_.table = "main.sales.events";
    table_.name = "events";
    table_.append().watermark = "ts";
    manifest_.schema = {{"type", "struct"}, {"fields", {{{"name", "id"}}, {{"name", "ts"}}}}};
    intent_.table = table_.table;
    intent_.source_version = Version{3};
    intent_.shape = plan::ShapeOf(table_);
  }
  Result<FormerConfig> Restore() const { return RestoreConfig(table_, intent_, manifest_); }

  config::Table table_;
  ledger::Intent intent_;
  ledger::Manifest manifest_;
};

TEST_F(FormerConfigTest, SameConfigHasNothingToSay) {
  const auto former = Restore();
  ASSERT_THAT(former, IsOk());
  EXPECT_EQ(former->words, "");
  EXPECT_EQ(plan::ShapeOf(former->table), intent_.shape);
}

TEST_F(FormerConfigTest, EveryScalarThatWasOtherwiseIsRestoredAndNamed) {
  config::Table then = table_;
  then.append().watermark = "at";
  then.partition = config::Partition::kDaily;
  then.timezone = *TimeZone::Find("Europe/Berlin");
  then.compression = config::Compression::kGzip;
  then.late_rows = config::LateRows::kIgnore;
  then.target_file_bytes = 12345;
  intent_.shape = plan::ShapeOf(then);
  const auto former = Restore();
  ASSERT_THAT(former, IsOk());
  EXPECT_EQ(plan::ShapeOf(former->table), plan::ShapeOf(then));
  EXPECT_THAT(former->words, HasSubstr("timezone was Europe/Berlin"));
  EXPECT_THAT(former->words, HasSubstr("watermark was at"));
}

TEST_F(FormerConfigTest, ColumnsOfAnotherChoiceAreThoseOfTheManifest) {
  config::Table then = table_;
  then.exclude = {"email"};
  intent_.shape = plan::ShapeOf(then);
  const auto former = Restore();
  ASSERT_THAT(former, IsOk());
  EXPECT_THAT(former->table.columns, ElementsAre("id", "ts"));
  EXPECT_THAT(former->table.exclude, IsEmpty());
  EXPECT_THAT(former->words, HasSubstr("other columns were chosen"));
}

TEST_F(FormerConfigTest, FeedsOwnColumnsAreNotAmongThoseChosen) {
  config::Table then = table_;
  table_.options = then.options = config::CdcOptions{};
  then.exclude = {"email"};
  intent_.shape = plan::ShapeOf(then);
  for (const char* name : {"_change_type", "_commit_version", "_commit_timestamp"}) {
    manifest_.schema["fields"].push_back({{"name", name}});
  }
  EXPECT_THAT(Restore()->table.columns, ElementsAre("id", "ts"));
}

TEST_F(FormerConfigTest, ShapeThatThisProgramDoesNotKnowIsNotGuessed) {
  intent_.shape["row_masks"] = "yes";
  EXPECT_THAT(Restore(), IsError(ErrorKind::kConflict));
  EXPECT_THAT(Restore(), HasMessage("row_masks"));
  intent_.shape = plan::ShapeOf(table_);
  intent_.shape["compression"] = "brotli";
  EXPECT_THAT(Restore(), HasMessage("compression was brotli"));
}

TEST_F(FormerConfigTest, ExportOfAnotherTableOrOfNoVersionIsNotCompared) {
  intent_.source_version.reset();
  EXPECT_THAT(Restore(), IsError(ErrorKind::kConflict));
  intent_.source_version = Version{3};
  intent_.table = "main.sales.orders";
  EXPECT_THAT(Restore(), HasMessage("main.sales.orders"));
}

}  // namespace
}  // namespace sluice::verify
