#include "sluice/cli/prune_text.h"

#include <gmock/gmock.h>

namespace sluice::cli {
namespace {

using prune::PruneAction;
using prune::PruneKind;
using prune::PruneReason;
using prune::PruneReport;
using testing::HasSubstr;
using testing::Not;

PruneAction Action(PruneKind kind, PruneReason reason, std::string key, int64_t n, int64_t bytes) {
  PruneAction action;
  action.kind = kind;
  action.reason = reason;
  action.key = std::move(key);
  action.n = n;
  action.bytes = bytes;
  return action;
}

PruneReport Some() {
  PruneReport report;
  report.name = "events";
  report.removed = {Action(PruneKind::kUpload, PruneReason::kUnnamed, "e/c", 2, 0),
                    Action(PruneKind::kFile, PruneReason::kUnnamed, "e/b", 2, 2048),
                    Action(PruneKind::kFile, PruneReason::kVoid, "e/a", 1, 1024)};
  return report;
}

TEST(PruneTextTest, WhatWentIsAddedUpByCause) {
  EXPECT_EQ(DescribePrune(Some(), /*each=*/false),
            "events: removed 2 files (3.0 KiB) and 1 upload\n"
            "  1 file (2.0 KiB) and 1 upload: another attempt at export 2 was published\n"
            "  1 file (1.0 KiB): export 1 was voided");
}

TEST(PruneTextTest, EachThingIsNamedInTheOrderOfExports) {
  PruneReport report = Some();
  report.dry_run = true;
  EXPECT_EQ(DescribePrune(report, /*each=*/true),
            "events: would remove 2 files (3.0 KiB) and 1 upload\n"
            "  e/a (1.0 KiB): export 1 was voided\n"
            "  e/b (2.0 KiB): another attempt at export 2 was published\n"
            "  the upload of e/c: another attempt at export 2 was published");
}

TEST(PruneTextTest, EveryCauseIsSaid) {
  PruneReport report;
  report.removed = {Action(PruneKind::kFile, PruneReason::kReplaced, "a", 1, 1),
                    Action(PruneKind::kSnapshot, PruneReason::kExpired, "s/", 2, 1),
                    Action(PruneKind::kFile, PruneReason::kForgotten, "f", 3, 1),
                    Action(PruneKind::kProbe, PruneReason::kAbandoned, "p", 0, 1),
                    Action(PruneKind::kTemporary, PruneReason::kAbandoned, "t", 0, 1)};
  report.removed[0].replaced_by = 7;
  report.removed[2].replaced_by = 8;
  const std::string text = DescribePrune(report, /*each=*/true);
  EXPECT_THAT(text, HasSubstr("export 7 replaced export 1"));
  EXPECT_THAT(text, HasSubstr("export 3 was forgotten, and export 8 holds its rows"));
  EXPECT_THAT(text, HasSubstr("s/ with 1 file (1 B): snapshot 2 is not kept any longer"));
  EXPECT_THAT(text, HasSubstr("p (1 B): `check` did not get to remove it"));
  EXPECT_THAT(text, HasSubstr("t (1 B): a process died and left it"));
}

TEST(PruneTextTest, WhatOthersWroteIsSaidToStay) {
  PruneReport report;
  report.name = "events";
  EXPECT_EQ(DescribePrune(report, false), "events: nothing to remove");
  report.foreign = {2, 2048};
  EXPECT_EQ(DescribePrune(report, false),
            "events: nothing to remove\n  left 2 files (2.0 KiB) that sluice did not write");
}

TEST(PruneTextTest, TheSumIsOverAllTables) {
  EXPECT_EQ(SummarizePrune({Some(), Some()}), "removed 4 files (6.0 KiB) and 2 uploads in all");
  EXPECT_THAT(SummarizePrune({PruneReport()}), Not(HasSubstr("0 files")));
}

}  // namespace
}  // namespace sluice::cli
