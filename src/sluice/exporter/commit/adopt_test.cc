#include "sluice/exporter/commit/adopt.h"

#include <gmock/gmock.h>

namespace sluice::exporter {
namespace {

using ledger::ExportKind;
using ::testing::HasSubstr;
using ::testing::Optional;

class ObstacleTest : public ::testing::Test {
 protected:
  ObstacleTest() {
    table.table = "main.sales.events";
    table.name = "events";
    table.append().watermark = "ts";
    intent.kind = ExportKind::kWindow;
    intent.table = table.table;
    intent.pattern = Name(table.pattern());
    intent.source_version = Version{3};
    intent.shape_digest = ledger::DigestOf(plan::ShapeOf(table));
  }

  config::Table table;
  ledger::Intent intent;
};

TEST_F(ObstacleTest, SameTableUnderTheSameConfigHasNone) {
  for (const ExportKind kind : {ExportKind::kWindow, ExportKind::kLate, ExportKind::kBackfill,
                                ExportKind::kSeed, ExportKind::kSnapshot}) {
    intent.kind = kind;
    EXPECT_EQ(FindObstacle(table, intent), std::nullopt) << Name(kind);
  }
}

TEST_F(ObstacleTest, AnotherTablePatternOrConfigIsOne) {
  config::Table other = table;
  other.table = "main.sales.orders";
  EXPECT_THAT(FindObstacle(other, intent), Optional(HasSubstr("main.sales.events")));
  other = table;
  other.options = config::CdcOptions{};
  EXPECT_THAT(FindObstacle(other, intent), Optional(HasSubstr("pattern append")));
  other = table;
  other.append().watermark = "other";
  EXPECT_THAT(FindObstacle(other, intent), Optional(HasSubstr("config")));
}

TEST_F(ObstacleTest, ResetIsStartedAgain) {
  intent.kind = ExportKind::kReset;
  EXPECT_THAT(FindObstacle(table, intent), Optional(HasSubstr("started again")));
}

}  // namespace
}  // namespace sluice::exporter
