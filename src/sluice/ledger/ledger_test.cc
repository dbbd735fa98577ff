#include "sluice/ledger/ledger.h"

#include <gmock/gmock.h>

#include "sluice/ledger/ledger_path.h"
#include "sluice/ledger/run_note.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::ledger {
namespace {

using store::PutOutcome;
using ::testing::ElementsAre;
using testing::HasMessage;
using testing::IsError;
using testing::IsOk;
using testing::IsOkAnd;
using ::testing::SizeIs;

constexpr Timestamp kNow{1'767'225'600'000'000};

class LedgerTest : public ::testing::Test {
 protected:
  static Intent IntentOf(int64_t n) {
    Intent intent;
    intent.n = n;
    intent.start = Timestamp{n * 10};
    intent.end = Timestamp{n * 10 + 10};
    intent.source_version = Version{n};
    return intent;
  }
  static Decision DecisionOf(int64_t n, int generation = 1) {
    Decision decision;
    decision.n = n;
    decision.generation = generation;
    decision.manifest = ManifestOf(n);
    decision.position.end = Timestamp{n * 10 + 10};
    decision.files.resize(1);
    decision.files[0].upload.key = fmt::format("data/{}", n);
    return decision;
  }
  static Manifest ManifestOf(int64_t n, ExportKind kind = ExportKind::kWindow) {
    Manifest manifest;
    manifest.n = n;
    manifest.kind = kind;
    return manifest;
  }

  void Begin(int64_t n) { ASSERT_THAT(ledger_.PutIntent(IntentOf(n)), IsOk()); }
  void Decide(int64_t n, int generation = 1) {
    ASSERT_THAT(ledger_.PutDecision(DecisionOf(n, generation)), IsOkAnd(PutOutcome::kCreated));
  }
  void Export(int64_t n) {
    Begin(n);
    Decide(n);
    ASSERT_THAT(ledger_.PutManifest(ManifestOf(n)), IsOk());
  }
  LedgerView Load() {
    auto view = ledger_.Load();
    EXPECT_THAT(view, IsOk());
    return std::move(view).value_or(LedgerView());
  }

  std::shared_ptr<store::ObjectStore> beside_state_ = testing::MakeMemoryStore();
  std::shared_ptr<store::ObjectStore> destination_ = testing::MakeMemoryStore();
  Ledger ledger_{beside_state_, destination_, "events"};
};

TEST_F(LedgerTest, NothingWasEverBegun) {
  const LedgerView view = Load();
  EXPECT_EQ(view.newest, 0);
  EXPECT_FALSE(view.undecided());
  EXPECT_TRUE(std::holds_alternative<std::monostate>(view.position().end));
}

TEST_F(LedgerTest, UndecidedNumberStandsOnItsPredecessor) {
  Export(1);
  Begin(2);
  const LedgerView view = Load();
  EXPECT_EQ(view.newest, 2);
  EXPECT_TRUE(view.undecided());
  EXPECT_EQ(view.newest_decided(), 1);
  EXPECT_EQ(view.intent->source_version, Version{2});
  EXPECT_EQ(view.position().end, Bound(Timestamp{20}));
}

TEST_F(LedgerTest, DecidedNumberTellsWhetherItsManifestIsThere) {
  Export(1);
  EXPECT_TRUE(Load().manifest);
  Begin(2);
  Decide(2);
  EXPECT_FALSE(Load().manifest);
  EXPECT_EQ(Load().position().end, Bound(Timestamp{30}));
}

TEST_F(LedgerTest, FirstDecisionStands) {
  Begin(1);
  Decide(1);
  Decision other = DecisionOf(1);
  other.attempt = "another runner";
  EXPECT_THAT(ledger_.PutDecision(other), IsOkAnd(PutOutcome::kAlreadyExists));
  EXPECT_EQ(Load().decision->attempt, "");
}

TEST_F(LedgerTest, LatestGenerationOfADecisionCounts) {
  Begin(1);
  for (int generation = 1; generation <= 11; ++generation) Decide(1, generation);
  EXPECT_EQ(Load().decision->generation, 11);
  EXPECT_EQ(ledger_.ReadDecisions()->at(0).generation, 11);
}

TEST_F(LedgerTest, BeginningWithoutTheDecisionBeforeIsCorrupt) {
  Begin(7);
  EXPECT_THAT(ledger_.Load(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ledger_.Load(), HasMessage("decision of export 6 is gone"));
}

TEST_F(LedgerTest, HeartbeatAloneBeginsNothing) {
  ASSERT_THAT(ledger_.PutHeartbeat(1, Heartbeat{}), IsOk());
  EXPECT_EQ(Load().newest, 0);
  Begin(1);
  EXPECT_TRUE(Load().heartbeat.has_value());
}

TEST_F(LedgerTest, TornHeartbeatIsNone) {
  Begin(1);
  ASSERT_THAT(beside_state_->Put(RunnerHeartbeatKey(ledger_.folder(), 1), "{\"run"), IsOk());
  EXPECT_FALSE(Load().heartbeat.has_value());
}

TEST_F(LedgerTest, VoidManifestOverrulesTheDecision) {
  Export(1);
  Begin(2);
  Decide(2);
  ASSERT_THAT(ledger_.PutManifest(ManifestOf(2, ExportKind::kVoid)), IsOk());
  const LedgerView view = Load();
  EXPECT_TRUE(view.decision->is_void());
  EXPECT_EQ(view.position().end, Bound(Timestamp{20})) << "as before 2";
  EXPECT_THAT(view.decision->superseded, ElementsAre("data/2")) << "still to be cleared away";
}

TEST_F(LedgerTest, ExpiredSnapshotWasWholeOnce) {
  Export(1);
  Manifest tombstone = ManifestOf(1, ExportKind::kVoid);
  tombstone.expired = true;
  ASSERT_THAT(ledger_.PutTombstone(tombstone), IsOk());
  EXPECT_FALSE(Load().decision->is_void());
}

TEST_F(LedgerTest, WrongHintCostsAListingAndNothingElse) {
  for (int64_t n = 1; n <= 5; ++n) Export(n);
  Begin(6);
  for (const int64_t hint : {-3, 0, 1, 3, 5}) {
    ASSERT_THAT(ledger_.PutPublishedHeartbeat(hint, kNow, "test"), IsOk());
    EXPECT_EQ(Load().newest, 6) << hint;
    EXPECT_EQ(Load().position().end, Bound(Timestamp{60})) << hint;
  }
  for (const char* text : {"", "{", "[]", "{\"n\":\"5\"}", "{\"n\":1e300}"}) {
    ASSERT_THAT(destination_->Put(PublishedHeartbeatKey("events"), text), IsOk());
    EXPECT_EQ(Load().newest, 6) << text;
  }
}

TEST_F(LedgerTest, NumbersThatWereSettledAreNotGivenAway) {
  for (int64_t n = 1; n <= 5; ++n) Export(n);
  Begin(6);  // its decision may be what was taken away
  for (const int64_t settled : {6, 7, 1000}) {
    ASSERT_THAT(ledger_.PutPublishedHeartbeat(settled, kNow, "test"), IsOk());
    EXPECT_THAT(ledger_.Load(), IsError(ErrorKind::kConflict)) << settled;
    EXPECT_THAT(ledger_.Load(), HasMessage("export")) << settled;
    EXPECT_THAT(ledger_.Load().error().remedy, ::testing::HasSubstr("state set events 1970"));
    EXPECT_EQ(ledger_.Load(Loss::kAccept)->settled, settled);
    EXPECT_EQ(ledger_.Load(Loss::kAccept)->newest_decided(), 5);
  }
}

TEST_F(LedgerTest, WhereNoHeartbeatIsTheNoteOfTheLastRunKnows) {
  Export(1);
  const store::Key note = LastRunKey(ledger_.folder());
  const auto settled = [](int64_t n) { return ToJsonText({kNow, "exported", "", n, {}}); };
  for (const std::string& text : {settled(2), settled(1), std::string("{"), std::string("[]")}) {
    ASSERT_THAT(beside_state_->Put(note, text), IsOk());
    EXPECT_EQ(ledger_.Load().has_value(), text != settled(2)) << text;
  }
  ASSERT_THAT(beside_state_->Put(note, settled(2)), IsOk());
  ASSERT_THAT(ledger_.PutPublishedHeartbeat(1, kNow, "test"), IsOk());
  EXPECT_THAT(ledger_.Load(), IsOk()) << "asked only where the heartbeat says nothing";
}

TEST_F(LedgerTest, ALedgerOfWhichNothingIsLeftDoesNotBeginAgain) {
  ASSERT_THAT(ledger_.PutPublishedHeartbeat(2, kNow, "test"), IsOk());
  EXPECT_THAT(ledger_.Load(), HasMessage("exports 1 to 2 were published"));
  EXPECT_THAT(ledger_.Load().error().remedy, ::testing::HasSubstr("state forget events"));
}

TEST_F(LedgerTest, RightHintSparesOldNumbers) {
  for (int64_t n = 1; n <= 30; ++n) Export(n);
  ASSERT_THAT(ledger_.PutPublishedHeartbeat(30, kNow, "test"), IsOk());
  const auto counting = std::make_shared<testing::FaultyStore>(
      beside_state_,
      [](int, std::string_view, const store::Key&) { return testing::Fault::kNone; });
  EXPECT_EQ(Ledger(counting, destination_, "events").Load()->newest, 30);
  EXPECT_LE(counting->calls(), 5);
}

/// How many calls of a store it takes to `ask` a ledger of `exports` exports.
class CallsTest : public LedgerTest {
 protected:
  template <typename Ask>
  int CallsOf(int64_t exports, Ask&& ask) {
    beside_state_ = testing::MakeMemoryStore();
    destination_ = testing::MakeMemoryStore();
    ledger_ = Ledger(beside_state_, destination_, "events");
    for (int64_t n = 1; n <= exports; ++n) Export(n);
    visited_ = 0;
    const auto counting = std::make_shared<CountingStore>(beside_state_, visited_);
    ask(Ledger(counting, destination_, "events"));
    return visited_;
  }

  /// Counts the objects that listings show.
  class CountingStore : public testing::FaultyStore {
   public:
    CountingStore(std::shared_ptr<store::ObjectStore> inner, int& visited)
        : FaultyStore(std::move(inner), [](int, std::string_view,
                                           const store::Key&) { return testing::Fault::kNone; }),
          visited_(visited) {}
    Status List(const store::Key& prefix, const store::Key& start_after,
                const std::function<bool(const store::ObjectInfo&)>& visit) const override {
      return FaultyStore::List(prefix, start_after, [&](const store::ObjectInfo& object) {
        ++visited_;
        return visit(object);
      });
    }

   private:
    int& visited_;
  };
  int visited_ = 0;
};

TEST_F(CallsTest, ReadingOneDecisionDoesNotGrowWithTheLedger) {
  const auto read_first = [](const Ledger& ledger) { EXPECT_THAT(ledger.ReadDecision(1), IsOk()); };
  EXPECT_EQ(CallsOf(3, read_first), CallsOf(3000, read_first));
}

TEST_F(CallsTest, FindingTheNewestWithoutAHintReadsAPageOrTwo) {
  for (const int64_t exports : {450, 451, 452, 1000, 4000}) {
    const int visited = CallsOf(exports, [&](const Ledger& ledger) {
      const auto view = ledger.Load();
      ASSERT_THAT(view, IsOk());
      EXPECT_EQ(view->newest, exports);
    });
    EXPECT_LE(visited, 2000) << exports;
  }
}

TEST_F(LedgerTest, RecordOfAnotherNumberIsCorruptAndNamed) {
  Export(1);
  ASSERT_THAT(destination_->Put(ManifestKey("events", 1), Serialize(ManifestOf(2))), IsOk());
  EXPECT_THAT(ledger_.ReadManifests(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ledger_.ReadManifests(), HasMessage("field 'n' is 2, not 1"));
}

TEST_F(LedgerTest, AnotherTablesNumbersAreNotOurs) {
  Ledger other(beside_state_, destination_, "events2");
  ASSERT_THAT(other.PutIntent(IntentOf(1)), IsOk());
  ASSERT_THAT(other.PutDecision(DecisionOf(1)), IsOk());
  EXPECT_EQ(Load().newest, 0);
}

TEST_F(LedgerTest, ManifestsAreReadInOrderAndForeignFilesPassedOver) {
  for (int64_t n = 1; n <= 12; ++n) Export(n);
  ASSERT_THAT(destination_->Put("_sluice/events/manifests/notes.txt", "x"), IsOk());
  ASSERT_THAT(beside_state_->Put("_sluice/events/ledger/README.md", "x"), IsOk());
  const auto manifests = ledger_.ReadManifests();
  ASSERT_THAT(manifests, IsOkAnd(SizeIs(12)));
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ((*manifests)[i].n, static_cast<int64_t>(i) + 1);
  EXPECT_THAT(ledger_.ReadDecisions(), IsOkAnd(SizeIs(12)));
}

TEST_F(LedgerTest, RecordThatIsDamagedIsCorruptAndNamed) {
  Begin(1);
  ASSERT_THAT(beside_state_->Put(DecisionKey(ledger_.folder(), 1, 1), "{\"format\":1"), IsOk());
  EXPECT_THAT(ledger_.Load(), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ledger_.Load(), HasMessage("00000000000000000001.commit.json"));
}

TEST_F(LedgerTest, TheMarkStaysAsLongAsNothingIsWrittenOrTakenAway) {
  ledger_.RecordWith({});
  Export(1);
  Export(2);
  EXPECT_EQ(ledger_.MarkOfNewest(1).value(), std::nullopt);
  const auto mark = ledger_.MarkOfNewest(2).value();
  ASSERT_TRUE(mark);
  ASSERT_THAT(ledger_.PutHeartbeat(2, {}), IsOk());
  EXPECT_EQ(ledger_.MarkOfNewest(2).value(), mark);
  Decide(2, 2);
  EXPECT_NE(ledger_.MarkOfNewest(2).value(), mark);
  Begin(3);
  EXPECT_EQ(ledger_.MarkOfNewest(2).value(), std::nullopt);
  EXPECT_EQ(ledger_.MarkOfNewest(3).value(), std::nullopt) << "is not decided";
}

TEST_F(LedgerTest, ALedgerWithoutIdentityHasNoMark) {
  Export(1);
  EXPECT_EQ(ledger_.MarkOfNewest(1).value(), std::nullopt);
}

}  // namespace
}  // namespace sluice::ledger
