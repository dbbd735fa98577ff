#include "sluice/prune/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "sluice/ledger/ledger.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/prune/prune_fixture.h"
#include "sluice/testing/fake_clock.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::prune {
namespace {

using sluice::testing::Fault;
using sluice::testing::IsOk;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;

constexpr const char* kTheirs = "events_incremental/dt=2025-12-31/hr=09/part-00000-a.parquet";

/// A destination in memory, exports put there as runs leave them, and prune on it.
class PruneTest : public ::testing::Test {
 protected:
  PruneTest() {
    table_.table = "main.sales.events";
    table_.name = "events";
    config_.destination.url = "/out";
    config_.folder = "/";
    config_.tables = {table_};
  }

  /// Every place is the destination's store, or `other` where that is given.
  exporter::Services Services(std::shared_ptr<store::ObjectStore> other = nullptr) {
    exporter::Services services;
    services.config = std::make_shared<config::Config>(config_);
    services.sources = std::make_shared<exporter::SourceFolders>(config_);
    services.clock = services.wall = clock_;
    services.entropy = runtime::SeededEntropy(1);
    auto store = other ? std::move(other) : store_;
    services.open_store =
        [store](const store::Location&, exporter::StoreRole,
                const runtime::CancelToken&) -> Result<std::shared_ptr<store::ObjectStore>> {
      return store;
    };
    return services;
  }

  PruneReport Prune(bool dry_run = false, std::shared_ptr<store::ObjectStore> other = nullptr) {
    return prune::Prune(Services(std::move(other)), table_, {dry_run});
  }

  /// A file that somebody completed.
  store::Key PutFile(const store::Key& key) {
    EXPECT_THAT(store_->Put(key, "0123456789"), IsOk());
    return key;
  }
  /// A file that still is invisible.
  store::Key StartFile(const store::Key& key) {
    auto upload = store_->StartUpload(key);
    EXPECT_THAT(upload, IsOk());
    EXPECT_THAT((*upload)->Append({}), IsOk());
    EXPECT_THAT((*upload)->Finish(), IsOk());
    return key;
  }
  void Decide(const NumberFacts& facts) {
    EXPECT_THAT(Ledger().PutDecision(*facts.decision), IsOk());
  }
  void Publish(const NumberFacts& facts) {
    Decide(facts);
    EXPECT_THAT(Ledger().PutManifest(*facts.manifest), IsOk());
  }
  /// Voids what was decided: by its manifest first, and then by the generation that closes the decision.
  void GiveUp(const NumberFacts& decided) {
    const int64_t n = decided.decision->n;
    EXPECT_THAT(Ledger().PutManifest(*Voided(n).manifest), IsOk());
    ledger::Decision closed = *Voided(n, ledger::EverListed(*decided.decision)).decision;
    closed.generation = 2;
    EXPECT_THAT(Ledger().PutDecision(closed), IsOk());
  }
  ledger::Ledger Ledger() { return ledger::Ledger(store_, store_, table_.name); }

  std::vector<store::Key> Data(const store::Key& folder = "events_incremental/") {
    std::vector<store::Key> keys;
    const auto objects = store::ListAll(*store_, folder);
    EXPECT_THAT(objects, IsOk());
    for (const auto& object : *objects) keys.push_back(object.key);
    return keys;
  }
  std::vector<store::Key> Uploads() {
    std::vector<store::Key> keys;
    EXPECT_THAT(store_->ListUploads({},
                                    [&](const auto& upload) {
                                      keys.push_back(upload.key);
                                      return true;
                                    }),
                IsOk());
    return keys;
  }

  config::Config config_;
  config::Table table_;
  std::shared_ptr<sluice::testing::FakeClock> clock_ =
      std::make_shared<sluice::testing::FakeClock>(kNow);
  std::shared_ptr<store::ObjectStore> store_ = sluice::testing::MakeMemoryStore();
};

TEST_F(PruneTest, OnlyWhatNobodyNeedsGoes) {
  Publish(Settled(1, {PutFile(EventsKey(1))}));
  PutFile(EventsKey(1, kOtherAttempt));
  StartFile(EventsKey(1, kOtherAttempt, 1));
  PutFile(kTheirs);
  const PruneReport report = Prune();
  EXPECT_FALSE(report.error);
  EXPECT_EQ(report.removed.size(), 2);
  EXPECT_EQ(report.foreign.files, 1);
  EXPECT_THAT(Data(), UnorderedElementsAre(EventsKey(1), kTheirs));
  EXPECT_THAT(Uploads(), IsEmpty());
}

TEST_F(PruneTest, DryRunTellsTheSameAndRemovesNothing) {
  Publish(Settled(1, {PutFile(EventsKey(1))}));
  PutFile(EventsKey(1, kOtherAttempt));
  const auto before = Data("");
  const PruneReport told = Prune(/*dry_run=*/true);
  EXPECT_EQ(Data(""), before);
  const PruneReport done = Prune();
  ASSERT_EQ(told.removed.size(), 1);
  ASSERT_EQ(done.removed.size(), 1);
  EXPECT_EQ(told.removed[0].key, done.removed[0].key);
  EXPECT_EQ(done.removed[0].bytes, 10);
}

TEST_F(PruneTest, TheFilesOfALiveRunAreNotTouched) {
  Publish(Settled(1, {PutFile(EventsKey(1))}));
  ledger::Intent intent;
  intent.n = 2;
  intent.shape = nlohmann::json::object();
  EXPECT_THAT(Ledger().PutIntent(intent), IsOk());
  StartFile(EventsKey(2));
  EXPECT_THAT(Prune().removed, IsEmpty());
  Decide(Settled(2, {EventsKey(2)}));
  EXPECT_THAT(Prune().removed, IsEmpty());
  EXPECT_THAT(Uploads(), ElementsAre(EventsKey(2)));
}

TEST_F(PruneTest, AnExportThatWasGivenUpAfterItsDecisionLosesItsFiles) {
  const auto lost = Settled(1, {PutFile(EventsKey(1)), StartFile(EventsKey(1, kOurAttempt, 1))});
  Decide(lost);
  GiveUp(lost);
  EXPECT_EQ(Prune().removed.size(), 2);
  EXPECT_THAT(Data(), IsEmpty());
  EXPECT_THAT(Uploads(), IsEmpty());
}

TEST_F(PruneTest, AManifestAloneVoidsNothing) {
  Decide(Settled(1, {PutFile(EventsKey(1))}));
  EXPECT_THAT(Ledger().PutManifest(*Voided(1).manifest), IsOk());
  EXPECT_FALSE(Prune().error) << "its runner may be about to close the decision";
  Publish(Settled(2, {PutFile(EventsKey(2))}));
  const PruneReport report = Prune();
  ASSERT_TRUE(report.error);
  EXPECT_THAT(report.error->message, ::testing::HasSubstr("says void"));
  EXPECT_THAT(Data(), UnorderedElementsAre(EventsKey(1), EventsKey(2)));
}

TEST_F(PruneTest, TheGraceIsCountedFromWhenTheReplacingManifestCame) {
  Publish(Settled(1, {PutFile(EventsKey(1))}));
  NumberFacts again = Replacing(2, {1}, Days(0));
  PutFile(EventsKey(2));
  again.decision->manifest.kind = ledger::ExportKind::kBackfill;
  again.decision->manifest.replaces = {1};
  Publish(again);
  const Timestamp began = store_->Head(EventsKey(2))->modified;  // the store's own clock
  clock_->Set(began + Hours(23));
  EXPECT_THAT(Prune().removed, IsEmpty());
  clock_->Set(began + Hours(25));
  EXPECT_EQ(Prune().removed.size(), 1);
  EXPECT_THAT(Data(), ElementsAre(EventsKey(2)));
}

TEST_F(PruneTest, AManifestThatCannotBeReadStopsItBeforeAnythingGoes) {
  Publish(Settled(1, {PutFile(EventsKey(1))}));
  PutFile(EventsKey(1, kOtherAttempt));
  EXPECT_THAT(store_->Put(ledger::ManifestKey("events", 2), "{"), IsOk());
  const PruneReport report = Prune();
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->kind, ErrorKind::kCorrupt);
  EXPECT_THAT(report.error->message, ::testing::HasSubstr("table main.sales.events"));
  EXPECT_EQ(Data().size(), 2);
}

TEST_F(PruneTest, WhateverCallItDiesAtNothingNeededIsLostAndTheNextOneEndsIt) {
  const std::vector<store::Key> needed{EventsKey(1), EventsKey(3), kTheirs};
  for (int at = 1;; ++at) {
    store_ = sluice::testing::MakeMemoryStore();
    Publish(Settled(1, {PutFile(EventsKey(1))}));
    PutFile(EventsKey(1, kOtherAttempt));
    const auto lost = Settled(2, {PutFile(EventsKey(2))});
    Decide(lost);
    GiveUp(lost);
    StartFile(EventsKey(2, kOtherAttempt));
    Publish(Settled(3, {PutFile(EventsKey(3))}));
    PutFile(kTheirs);
    const auto dying = std::make_shared<sluice::testing::FaultyStore>(
        store_, [at](int call, std::string_view, const store::Key&) {
          return call == at ? Fault::kDieAfter : Fault::kNone;
        });
    const PruneReport first = Prune(false, dying);
    EXPECT_THAT(Data(), IsSupersetOf(needed)) << "died after call " << at;
    EXPECT_FALSE(Prune().error);
    EXPECT_THAT(Data(), ElementsAre(kTheirs, EventsKey(1), EventsKey(3)));
    EXPECT_THAT(Uploads(), IsEmpty());
    if (!first.error) break;
    ASSERT_LT(at, 200);
  }
}

/// The snapshots 1..3 of `countries`, a day apart.
class PruneSnapshotsTest : public PruneTest {
 protected:
  PruneSnapshotsTest() {
    table_.name = "countries";
    table_.options = config::SnapshotOptions{};
    for (int64_t n = 1; n <= 3; ++n) {
      NumberFacts facts = Settled(n, {PutFile(Folder(n) + FileName(n))},
                                  ledger::ExportKind::kSnapshot, plan::SnapshotFolder(At(n)));
      facts.manifest->end = facts.decision->manifest.end = At(n);
      facts.decision->position.newest_snapshot = At(n);
      EXPECT_THAT(store_->Put(Folder(n) + "_SUCCESS", ""), IsOk());
      Publish(facts);
    }
  }
  static Timestamp At(int64_t n) { return kNow - Days(4 - n); }
  static std::string Folder(int64_t n) { return "countries/" + plan::SnapshotFolder(At(n)) + "/"; }
};

TEST_F(PruneSnapshotsTest, SnapshotsBeyondKeepGoWithTombstoneAndMarker) {
  table_.snapshot().keep = 2;
  const PruneReport told = Prune(/*dry_run=*/true);
  ASSERT_EQ(told.removed.size(), 1);
  EXPECT_EQ(told.removed[0].kind, PruneKind::kSnapshot);
  EXPECT_EQ(told.removed[0].key, Folder(1));
  EXPECT_EQ(Data("countries/").size(), 6);
  EXPECT_EQ(Prune().removed.size(), 1);
  EXPECT_EQ(Data("countries/").size(), 4);
  EXPECT_TRUE((*Ledger().ReadManifest(1))->expired);
  EXPECT_THAT(Prune().removed, IsEmpty());
}

TEST_F(PruneSnapshotsTest, KeepForHoldsWhatKeepWouldDrop) {
  table_.snapshot().keep = 1;
  table_.snapshot().keep_for = Days(10);
  EXPECT_THAT(Prune().removed, IsEmpty());
  EXPECT_EQ(Data("countries/").size(), 6);
}

}  // namespace
}  // namespace sluice::prune
