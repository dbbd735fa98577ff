#include "sluice/exporter/commit/outcome.h"

#include <gmock/gmock.h>

namespace sluice::exporter {
namespace {

TEST(OutcomeTest, PublishedSumsUpItsDecision) {
  ledger::Decision decision;
  decision.n = decision.manifest.n = 7;
  decision.manifest.kind = ledger::ExportKind::kBackfill;
  decision.manifest.start = Version{3};
  decision.manifest.end = Version{5};
  decision.manifest.rows = 30;
  decision.manifest.files = {{"a", 100, 10, {}, {}}, {"b", 200, 20, {}, {}}};
  decision.manifest.null_watermarks = 2;
  decision.row_groups_rewritten = 4;
  const Published published = PublishedBy(decision);
  EXPECT_EQ(published.window.n, 7);
  EXPECT_EQ(published.window.kind, ledger::ExportKind::kBackfill);
  EXPECT_EQ(published.window.start, ledger::Bound(Version{3}));
  EXPECT_EQ(published.window.end, ledger::Bound(Version{5}));
  EXPECT_EQ(published.window.rows, 30);
  EXPECT_EQ(published.window.files, 2);
  EXPECT_EQ(published.window.bytes, 300);
  EXPECT_EQ(published.null_watermarks, 2);
  EXPECT_EQ(published.row_groups_rewritten, 4);
}

TEST(OutcomeTest, ExportIsVisibleByWhicheverRunner) {
  EXPECT_TRUE((Outcome{Published{}, {}, {}}).is_visible());
  EXPECT_TRUE((Outcome{PublishedByOther{}, {}, {}}).is_visible());
  EXPECT_FALSE((Outcome{Voided{}, {}, {}}).is_visible());
  EXPECT_FALSE((Outcome{Lost{}, {}, {}}).is_visible());
}

}  // namespace
}  // namespace sluice::exporter
