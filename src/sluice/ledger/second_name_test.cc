#include "sluice/ledger/second_name.h"

#include <gmock/gmock.h>

#include "sluice/ledger/ledger.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/testing/faulty_store.h"
#include "sluice/testing/matchers.h"
#include "sluice/testing/memory_store.h"

namespace sluice::ledger {
namespace {

using testing::HasMessage;
using ::testing::HasSubstr;
using testing::IsError;
using testing::IsOk;

LedgerIdentity IdentityOf(const std::string& table, const std::string& state = "_export_state") {
  LedgerIdentity identity;
  identity.state = state;
  identity.table = table;
  return identity;
}

class SecondNameTest : public ::testing::Test {
 protected:
  void Begin(const std::string& name, const LedgerIdentity& identity,
             const std::string& pattern = "append") {
    Ledger ledger(beside_, destination_, name, LedgerFolderOf(identity.state, name));
    ledger.RecordWith(identity);
    Intent intent;
    intent.n = 1;
    intent.table = identity.table;
    intent.pattern = pattern;
    ASSERT_THAT(ledger.PutIntent(intent), IsOk());
  }
  Status Search(const std::string& name, const LedgerIdentity& ours,
                const std::string& pattern = "append") {
    return RefuseSecondName(*beside_, name, ours, {pattern, {}});
  }

  std::shared_ptr<store::ObjectStore> beside_ = testing::MakeMemoryStore();
  std::shared_ptr<store::ObjectStore> destination_ = testing::MakeMemoryStore();
};

TEST_F(SecondNameTest, ATableHasOneNameInAState) {
  for (const char* state : {"_export_state", "state_a"}) {
    Begin("events", IdentityOf("s.events", state));
    const Status refused = Search("events2", IdentityOf("s.events", state));
    EXPECT_THAT(refused, IsError(ErrorKind::kConflict));
    EXPECT_THAT(refused, HasMessage("by the name 'events'"));
    EXPECT_THAT(refused.error().remedy, HasSubstr("`state` of its own"));
    EXPECT_THAT(Search("events", IdentityOf("s.events", state)), IsOk());
    EXPECT_THAT(Search("others", IdentityOf("s.others", state)), IsOk());
  }
  EXPECT_THAT(Search("events2", IdentityOf("s.events", "state_b")), IsOk());
}

TEST_F(SecondNameTest, PatternsThatMoveDifferentColumnsMayHaveANameEach) {
  Begin("events", IdentityOf("s.events"));
  EXPECT_THAT(Search("changes", IdentityOf("s.events"), "cdc"), IsOk());
}

TEST_F(SecondNameTest, NamesThatExportedNothingDoNotCount) {
  ASSERT_THAT(beside_->Put(IdentityKey(LedgerFolder("old"), 1), Serialize(IdentityOf("s.events"))),
              IsOk());
  ASSERT_THAT(beside_->Put("_sluice/readme.txt", "x"), IsOk());
  ASSERT_THAT(beside_->Put("_sluice/torn/ledger/identity.json", "{"), IsOk());
  EXPECT_THAT(Search("events", IdentityOf("s.events")), IsOk());
}

TEST_F(SecondNameTest, LedgersOfOldProgramsAreKnownByTheirFirstIntent) {
  Begin("events", IdentityOf("s.events"));
  ASSERT_THAT(beside_->Delete(IdentityKey(LedgerFolder("events"), 1)), IsOk());
  EXPECT_THAT(Search("events2", IdentityOf("s.events")), IsError(ErrorKind::kConflict));
}

TEST_F(SecondNameTest, NamesOfThisConfigCostNothing) {
  for (int i = 0; i < 30; ++i) Begin(fmt::format("t{}", i), IdentityOf(fmt::format("s.t{}", i)));
  const testing::FaultyStore counting(
      beside_, [](int, std::string_view, const store::Key&) { return testing::Fault::kNone; });
  const auto known = [](const std::string& name) { return name != "t7"; };
  EXPECT_THAT(RefuseSecondName(counting, "new", IdentityOf("s.new"), {"append", known}), IsOk());
  EXPECT_LE(counting.calls(), 2);
}

}  // namespace
}  // namespace sluice::ledger
