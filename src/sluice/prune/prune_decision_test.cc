#include "sluice/prune/prune_decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "sluice/prune/prune_fixture.h"

namespace sluice::prune {
namespace {

using config::Pattern;
using testing::ElementsAre;
using testing::IsEmpty;

/// One table as prune finds it.
struct Found {
  Pattern pattern = Pattern::kAppend;
  std::string name = "events";
  PruneListing listing;
  Numbers numbers;
  std::optional<Timestamp> newest_snapshot;

  PruneInput Input() const { return {pattern, name, listing, numbers, newest_snapshot, kNow}; }
  std::vector<store::Key> Doomed() const {
    std::vector<store::Key> keys;
    for (const auto& action : DecidePrune(Input())) keys.push_back(action.key);
    return keys;
  }
};

Found Files(std::vector<store::Key> keys) {
  Found found;
  for (auto& key : keys) found.listing.objects.push_back(Object(std::move(key)));
  return found;
}

TEST(PruneDecisionTest, FilesOfALostAttemptGoAndThoseOfTheWinnerStay) {
  Found found = Files({EventsKey(1), EventsKey(1, kOtherAttempt)});
  found.numbers[1] = Settled(1, {EventsKey(1)});
  EXPECT_THAT(found.Doomed(), ElementsAre(EventsKey(1, kOtherAttempt)));
}

TEST(PruneDecisionTest, FilesOfAVoidNumberGo) {
  Found found = Files({EventsKey(1)});
  found.numbers[1] = Voided(1, {EventsKey(1)});
  EXPECT_THAT(found.Doomed(), ElementsAre(EventsKey(1)));
}

TEST(PruneDecisionTest, NothingOfANumberThatIsNotSettledGoes) {
  Found found = Files({EventsKey(1, kOtherAttempt), EventsKey(2, kOtherAttempt), EventsKey(3)});
  found.listing.uploads = {Upload(EventsKey(1)), Upload(EventsKey(2)), Upload(EventsKey(3))};
  found.numbers[1] = Settled(1, {EventsKey(1)});
  found.numbers[1].manifest.reset();  // decided, not yet visible
  found.numbers[2] = Settled(2, {EventsKey(2)});
  found.numbers[2].decision.reset();  // a ledger that was left behind
  EXPECT_THAT(found.Doomed(), IsEmpty());
}

TEST(PruneDecisionTest, UploadsOfSettledNumbersGoBeforeFiles) {
  Found found = Files({EventsKey(1), EventsKey(1, kOtherAttempt)});
  found.listing.uploads = {Upload(EventsKey(1, kOtherAttempt, 1)), Upload(EventsKey(1))};
  found.numbers[1] = Settled(1, {EventsKey(1)});
  EXPECT_THAT(found.Doomed(),
              ElementsAre(EventsKey(1, kOtherAttempt, 1), EventsKey(1, kOtherAttempt)));
}

TEST(PruneDecisionTest, ReplacedFilesStayUntilTheGraceIsOver) {
  Found found = Files({EventsKey(1), EventsKey(2)});
  found.numbers[1] = Settled(1, {EventsKey(1)});
  found.numbers[2] = Replacing(2, {1}, Duration{Hours(24).micros - 1});
  EXPECT_THAT(found.Doomed(), IsEmpty());
  found.numbers[2] = Replacing(2, {1}, Hours(24));
  EXPECT_THAT(found.Doomed(), ElementsAre(EventsKey(1)));
  EXPECT_EQ(DecidePrune(found.Input()).front().replaced_by, 2);
}

TEST(PruneDecisionTest, FilesThatTheReplacingExportCarriesOverStay) {
  Found found = Files({EventsKey(1), EventsKey(1, kOurAttempt, 1), EventsKey(2)});
  found.numbers[1] = Settled(1, {EventsKey(1), EventsKey(1, kOurAttempt, 1)});
  found.numbers[2] = Replacing(2, {1}, Hours(48));
  found.numbers[2].manifest->files.push_back(found.numbers[1].manifest->files[1]);
  EXPECT_THAT(found.Doomed(), ElementsAre(EventsKey(1)));
  // An export that replaces the second and carries nothing over leaves none.
  found.listing.objects.push_back(Object(EventsKey(3)));
  found.numbers[3] = Replacing(3, {2}, Hours(24));
  EXPECT_THAT(found.Doomed(), ::testing::UnorderedElementsAre(
                                  EventsKey(1), EventsKey(1, kOurAttempt, 1), EventsKey(2)));
}

TEST(PruneDecisionTest, ReplacedFilesGoAtOnceOnDemand) {
  Found found = Files({EventsKey(1), EventsKey(2)});
  found.numbers[1] = Settled(1, {EventsKey(1)});
  found.numbers[2] = Replacing(2, {1}, Duration{0});
  PruneInput input = found.Input();
  input.replaced_grace = Duration{0};
  ASSERT_EQ(DecidePrune(input).size(), 1u);
  EXPECT_EQ(DecidePrune(input)[0].key, EventsKey(1));
}

/// A window of these hours, published long ago.
NumberFacts WindowOf(int64_t n, int64_t start, int64_t end) {
  NumberFacts facts = Settled(n, {EventsKey(n)});
  facts.manifest->start = Timestamp{Hours(start).micros};
  facts.manifest->end = Timestamp{Hours(end).micros};
  facts.published = kNow - Days(2);
  return facts;
}

TEST(PruneDecisionTest, ForgottenFilesGoADayAfterAllOfItIsExportedAgain) {
  Found found = Files({EventsKey(1), EventsKey(2), EventsKey(4)});
  found.numbers[1] = WindowOf(1, 0, 1);
  found.numbers[2] = WindowOf(2, 1, 3);
  found.numbers[3] = Settled(3, {}, ledger::ExportKind::kReset);
  EXPECT_THAT(found.Doomed(), IsEmpty()) << "nothing holds its rows yet";
  found.numbers[4] = WindowOf(4, 0, 2);
  EXPECT_THAT(found.Doomed(), ElementsAre(EventsKey(1)));
  EXPECT_EQ(DecidePrune(found.Input())[0].reason, PruneReason::kForgotten);
  found.numbers[4].published = kNow;
  EXPECT_THAT(found.Doomed(), IsEmpty()) << "within the grace";
}

TEST(PruneDecisionTest, ABackfillThatCameToNothingReplacesNothing) {
  Found found = Files({EventsKey(1)});
  found.numbers[1] = Settled(1, {EventsKey(1)});
  found.numbers[2] = Replacing(2, {1}, Days(2));
  found.numbers[2].manifest->kind = ledger::ExportKind::kVoid;
  EXPECT_THAT(found.Doomed(), IsEmpty());
}

TEST(PruneDecisionTest, WhatSluiceDidNotNameOrPlaceIsForeign) {
  const std::string ours = FileName(1, kOtherAttempt);
  Found found =
      Files({"events_incremental/dt=2026-01-01/hr=09/part-00000-abc.snappy.parquet",
             "events_incremental/dt=2026-01-01/hr=09/_SUCCESS", "events_incremental/backup/" + ours,
             "events_incremental/" + ours, "events_incremental/dt=2026-1-1/hr=9/" + ours,
             "events_incremental/dt=2026-01-01/hr=09/old-" + ours,
             "other_incremental/dt=2026-01-01/hr=09/" + ours});
  for (const auto& object : found.listing.objects) {
    found.listing.uploads.push_back(Upload(object.key));
  }
  found.numbers[1] = Voided(1);
  EXPECT_THAT(found.Doomed(), IsEmpty());
  EXPECT_EQ(CountForeign(found.Input()).files, 7);
}

/// A snapshot table with an expired number 1 and its marker, and a newer number 2.
struct Snapshots : Found {
  const Timestamp first = kNow - Days(2), second = kNow - Days(1);
  const store::Key marker = plan::SuccessKey("countries/", plan::SnapshotFolder(first));
  const store::Key file = "countries/" + plan::SnapshotFolder(first) + "/" + FileName(1);

  Snapshots() {
    pattern = Pattern::kSnapshot;
    name = "countries";
    listing.objects = {Object(marker, 0), Object(file)};
    newest_snapshot = second;
    numbers[1] = Settled(1, {file}, ledger::ExportKind::kSnapshot, plan::SnapshotFolder(first));
    numbers[2] = Settled(2, {}, ledger::ExportKind::kSnapshot, plan::SnapshotFolder(second));
  }
  void Expire() {
    ledger::Manifest tombstone;
    tombstone.n = 1;
    tombstone.kind = ledger::ExportKind::kVoid;
    tombstone.expired = true;
    numbers[1].manifest = tombstone;
  }
};

TEST(PruneDecisionTest, AnExpiredSnapshotLosesItsMarkerFirst) {
  Snapshots found;
  EXPECT_THAT(found.Doomed(), IsEmpty());
  found.Expire();
  EXPECT_THAT(found.Doomed(), ElementsAre(found.marker, found.file));
}

TEST(PruneDecisionTest, AMarkerStaysWhereALaterSnapshotMayStillTakeItsFolder) {
  Snapshots found;
  found.numbers[1] = Voided(1, {found.file});
  found.newest_snapshot = found.first - Days(1);
  EXPECT_THAT(found.Doomed(), ElementsAre(found.file));
  found.newest_snapshot = found.second;
  EXPECT_THAT(found.Doomed(), ElementsAre(found.marker, found.file));
}

TEST(PruneDecisionTest, TheMarkerOfANotebooksSnapshotIsForeign) {
  Snapshots found;
  found.Expire();
  const auto theirs = plan::SuccessKey("countries/", plan::SnapshotFolder(found.first - Hours(1)));
  found.listing.objects = {Object(theirs, 0)};
  EXPECT_THAT(found.Doomed(), IsEmpty());
  EXPECT_EQ(CountForeign(found.Input()).files, 1);
}

/// Any mixture of settled, void, replaced, expired and unsettled numbers with files of two attempts each.
Found AnyTable() {
  Found found;
  const int64_t count = *rc::gen::inRange(1, 7);
  for (int64_t n = 1; n <= count; ++n) {
    for (const char* attempt : {kOurAttempt, kOtherAttempt}) {
      for (const int64_t ordinal : {0, 1}) {
        const store::Key key = EventsKey(n, attempt, ordinal);
        if (*rc::gen::arbitrary<bool>()) found.listing.objects.push_back(Object(key));
        if (*rc::gen::arbitrary<bool>()) found.listing.uploads.push_back(Upload(key));
      }
    }
    const int fate = *rc::gen::inRange(0, 6);
    if (fate == 0) continue;  // never decided
    const std::vector<store::Key> keys{EventsKey(n), EventsKey(n, kOurAttempt, 1)};
    NumberFacts& facts = found.numbers[n] = fate == 2 ? Voided(n, keys) : Settled(n, keys);
    if (fate == 1) facts.manifest.reset();
    if (fate == 3) {
      facts.manifest->kind = ledger::ExportKind::kVoid;
      facts.manifest->expired = true;
      facts.manifest->files.clear();
    }
    if (fate == 4 && n > 1) {
      facts.manifest->kind = ledger::ExportKind::kBackfill;
      facts.manifest->replaces = {*rc::gen::inRange<int64_t>(1, n)};
      // A later export is published later.
      facts.published = kNow - Hours(7 * (count - n) + *rc::gen::inRange(0, 7));
    }
  }
  return found;
}

/// Said again, number by number: whether prune may touch anything of n, and whether what it lists has to stay.
bool IsSettled(const Found& found, int64_t n) {
  const auto at = found.numbers.find(n);
  return at != found.numbers.end() && at->second.decision && at->second.manifest;
}
bool IsReplaced(const Found& found, int64_t n) {
  return std::any_of(found.numbers.begin(), found.numbers.end(), [&](const auto& entry) {
    const auto& [by, facts] = entry;
    return facts.manifest && facts.manifest->kind == ledger::ExportKind::kBackfill &&
           kNow - facts.published >= Hours(24) && facts.manifest->replaces == std::vector{n};
  });
}
bool HasToStay(const Found& found, const store::Key& key) {
  const int64_t n = plan::ParseDataFileName(key.substr(key.rfind('/') + 1))->n;
  if (!IsSettled(found, n)) return true;
  if (IsReplaced(found, n)) return false;
  const auto& files = found.numbers.at(n).manifest->files;
  return std::any_of(files.begin(), files.end(), [&](const auto& f) { return f.path == key; });
}

RC_GTEST_PROP(PruneDecisionProperty, JustWhatNobodyNeedsGoes, ()) {
  const Found found = AnyTable();
  std::multiset<store::Key> expected;
  for (const auto& object : found.listing.objects) {
    if (!HasToStay(found, object.key)) expected.insert(object.key);
  }
  for (const auto& upload : found.listing.uploads) {
    if (!HasToStay(found, upload.key)) expected.insert(upload.key);
  }
  const auto doomed = found.Doomed();
  RC_ASSERT(std::multiset<store::Key>(doomed.begin(), doomed.end()) == expected);
}

RC_GTEST_PROP(PruneDecisionProperty, DecisionsOfNumbersInDoubtAreEnough, ()) {
  const Found all = AnyTable();
  Found read = all;
  for (auto& [n, facts] : read.numbers) facts.decision.reset();
  for (const int64_t n : NumbersInDoubt(read.Input())) {
    read.numbers[n].decision = all.numbers.at(n).decision;
  }
  RC_ASSERT(read.Doomed() == all.Doomed());
}

RC_GTEST_PROP(PruneDecisionProperty, ASecondTimeFindsNothing, ()) {
  Found found = AnyTable();
  for (const auto& action : DecidePrune(found.Input())) {
    const auto is_it = [&](const auto& listed) { return listed.key == action.key; };
    if (action.kind == PruneKind::kUpload) std::erase_if(found.listing.uploads, is_it);
    if (action.kind == PruneKind::kFile) std::erase_if(found.listing.objects, is_it);
  }
  RC_ASSERT(found.Doomed().empty());
}

}  // namespace
}  // namespace sluice::prune
