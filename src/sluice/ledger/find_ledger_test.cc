#include "sluice/ledger/find_ledger.h"

#include <gmock/gmock.h>

#include "sluice/ledger/ledger_path.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::ledger {
namespace {

using testing::HasMessage;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;

store::Location Local(std::string path) {
  store::Location at;
  at.path = std::move(path);
  return at;
}

/// A config as far as ledgers care.
struct Asking {
  std::string state = "/meta/_export_state", destination = "/out/a", table = "main.sales.events",
              source = "/lake/a";

  LedgerIdentity Identity() const {
    const auto at = Local(state);
    return MakeIdentity(at, at.Parent().value(), Local(destination), table, Local(source));
  }
};

class FindLedgerTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Ledger>> Find(const Asking& asking, bool take_over = false) {
    return FindLedger(beside_, Destination(asking), "events", asking.Identity(), {take_over});
  }
  std::shared_ptr<store::ObjectStore>& Destination(const Asking& asking) {
    auto& destination = destinations_[asking.destination];
    if (!destination) destination = testing::MakeMemoryStore();
    return destination;
  }
  void Export(Ledger& ledger, int64_t n, const std::string& table = "main.sales.events",
              Timestamp at = Timestamp{1}) {
    Intent intent;
    intent.n = n;
    intent.table = table;
    ASSERT_THAT(ledger.PutIntent(intent), IsOk());
    Decision decision;
    decision.n = n;
    decision.manifest.n = n;
    decision.manifest.committed_at = at;
    decision.position.end = Timestamp{0};
    ASSERT_THAT(ledger.PutDecision(decision), IsOk());
    ASSERT_THAT(ledger.PutManifest(decision.manifest), IsOk());
  }
  /// One export as programs made it that recorded no identity, in the folder that all states shared.
  void ExportOfOldProgram(const Asking& asking, int64_t n = 1) {
    Ledger ledger(beside_, Destination(asking), "events");
    Export(ledger, n, asking.table, Timestamp{n});
  }

  std::shared_ptr<store::ObjectStore> beside_ = testing::MakeMemoryStore();
  std::map<std::string, std::shared_ptr<store::ObjectStore>> destinations_;
  Asking a_, b_{"/meta/_export_state", "/out/b", "main.sales.events", "/lake/b"};
};

TEST_F(FindLedgerTest, LookingRecordsNothing) {
  EXPECT_THAT(Find(a_), IsOk());
  EXPECT_THAT(store::ListAll(*beside_, "").value(), IsEmpty());
}

TEST_F(FindLedgerTest, FirstExportRecordsWhoseLedgerItIs) {
  Export(**Find(a_), 1);
  EXPECT_THAT(Find(a_), IsOk());
  EXPECT_THAT(Find(b_), IsError(ErrorKind::kConflict));
  EXPECT_THAT(Find(b_), HasMessage("destination /out/a, not /out/b"));
  EXPECT_THAT(Find(b_), HasMessage("source /lake/a, not /lake/b"));
}

TEST_F(FindLedgerTest, TwoStatesInOneFolderHaveALedgerEach) {
  a_.state = "/meta/state_a";
  b_.state = "/meta/state_b";
  Export(**Find(a_), 1);
  const auto other = Find(b_);
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ((*other)->folder(), "_sluice/state=state_b/events/ledger/");
  EXPECT_EQ((*other)->Load()->newest, 0);
}

TEST_F(FindLedgerTest, OtherSourceOrTableIsRefused) {
  Export(**Find(a_), 1);
  Asking other = a_;
  other.source = "/lake/other";
  EXPECT_THAT(Find(other), HasMessage("source /lake/a, not /lake/other"));
  other = a_;
  other.table = "main.sales.orders";
  EXPECT_THAT(Find(other), HasMessage("table main.sales.events, not main.sales.orders"));
}

TEST_F(FindLedgerTest, TreeThatWasMovedWholeIsStillItsOwn) {
  Export(**Find(a_), 1);
  const Asking moved{"/new/meta/_export_state", "/new/out/a", "main.sales.events", "/new/lake/a"};
  destinations_["/new/out/a"] = Destination(a_);
  EXPECT_THAT(Find(moved), IsOk());
}

TEST_F(FindLedgerTest, TwoRunnersThatBeginAtOnceDoNotShareALedger) {
  const auto first = Find(a_), second = Find(b_);
  Export(**first, 1);
  Intent intent;
  intent.n = 2;
  EXPECT_THAT((*second)->PutIntent(intent), IsError(ErrorKind::kConflict));
}

TEST_F(FindLedgerTest, MovedDestinationIsTakenOverOnceItHoldsTheExports) {
  Export(**Find(a_), 1);
  Asking moved = a_;
  moved.destination = "/out/new";
  EXPECT_THAT(Find(moved, /*take_over=*/true), HasMessage("does not hold its export 1"));
  destinations_["/out/new"] = Destination(a_);
  EXPECT_THAT(Find(moved, /*take_over=*/true), IsOk());
  EXPECT_THAT(Find(moved), IsOk());
  EXPECT_THAT(Find(a_), IsError(ErrorKind::kConflict)) << "it belongs to the new place now";
}

TEST_F(FindLedgerTest, LedgerOfAnOldProgramIsFoundWhereItIs) {
  a_.state = "/meta/state_a";
  ExportOfOldProgram(a_);
  const auto found = Find(a_);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->folder(), "_sluice/events/ledger/");
  Export(**found, 2);
  EXPECT_EQ((*Find(a_))->folder(), "_sluice/events/ledger/") << "by its own identity now";
}

TEST_F(FindLedgerTest, LedgerOfAnOldProgramIsNotAnothersConfigs) {
  a_.state = "/meta/state_a";
  b_.state = "/meta/state_b";
  ExportOfOldProgram(a_);
  ExportOfOldProgram(a_, 2);
  const auto found = Find(b_);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ((*found)->folder(), "_sluice/state=state_b/events/ledger/");
}

TEST_F(FindLedgerTest, LedgerOfAnOldProgramWithOtherManifestsIsRefused) {
  ExportOfOldProgram(a_);
  EXPECT_THAT(Find(b_), IsOk()) << "its first export may not be published yet";
  ASSERT_THAT(beside_->Put("_sluice/events/ledger/last_run.json",
                           R"({"at": "2026-01-01T00:00:00Z", "settled": 1})"),
              IsOk());
  EXPECT_THAT(Find(b_), HasMessage("its export 1 is not published at /out/b"));
  Asking other = a_;
  other.table = "main.sales.orders";
  EXPECT_THAT(Find(other), HasMessage("its exports are of table main.sales.events"));
}

TEST_F(FindLedgerTest, RemedyNamesWhereTheExportsStand) {
  Export(**Find(a_), 1);
  const auto refused = Find(b_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().remedy,
              ::testing::HasSubstr("sluice state set events 1970-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace sluice::ledger
