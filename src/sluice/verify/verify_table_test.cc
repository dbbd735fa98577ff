#include "sluice/verify/verify_table.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "sluice/ledger/ledger_path.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/matchers.h"

/// "Proven" is printed where it is true. Each test makes it false in one way, and expects another word.
namespace sluice::verify {
namespace {

using simulation::Call;
using simulation::kEpoch;
using simulation::Place;
using simulation::World;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Fault;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;
using testing::TableBuilder;

testing::Row RowAt(int64_t id, const std::string& text = "t") {
  return {id, (kEpoch + Hours(id) + Minutes(1)).micros, text};
}

class VerifyTableTest : public ::testing::Test {
 protected:
  explicit VerifyTableTest(config::Table table = simulation::AppendTable(),
                           testing::TableOptions source = {})
      : world(std::move(table), std::move(source)) {}

  /// One row an hour, and an export after each.
  void Export(int first, int last) {
    for (int hour = first; hour <= last; ++hour) {
      world.source.At(kEpoch + Hours(hour) + Minutes(2)).Append({RowAt(hour)});
      world.clock->Set(kEpoch + Hours(hour + 1));
      world.wall->Advance(Minutes(10));
      ASSERT_EQ(world.Run().status, exporter::RunStatus::kExported);
    }
  }
  VerifyReport Verify(simulation::FaultPlan plan = {}, const VerifyOptions& options = {}) {
    return VerifyTable(world.NewRunner(std::move(plan)), world.table, options);
  }
  std::vector<store::Key> Keys(const std::string& prefix = "") const {
    std::vector<store::Key> keys;
    EXPECT_THAT(world.destination->List(prefix, "",
                                        [&](const store::ObjectInfo& object) {
                                          keys.push_back(object.key);
                                          return true;
                                        }),
                IsOk());
    return keys;
  }
  std::vector<store::Key> DataFiles() const {
    auto keys = Keys();
    std::erase_if(keys, [](const auto& key) { return !key.ends_with(".parquet"); });
    return keys;
  }
  /// Somebody edits an object by hand.
  void Edit(const store::Key& key, const std::string& from, const std::string& to) {
    std::string text = world.destination->Get(key).value();
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    ASSERT_THAT(world.destination->Put(key, text.replace(at, from.size(), to)), IsOk());
  }
  store::Key ManifestKey(int64_t n) const { return ledger::ManifestKey(world.table.name, n); }

  World world;
};

TEST_F(VerifyTableTest, WhatWasExportedAndLeftAloneIsProven) {
  Export(1, 3);
  const auto before = Keys();
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kProven);
  EXPECT_EQ(report.rows, 3);
  EXPECT_THAT(report.exports, SizeIs(3));
  EXPECT_EQ(Keys(), before) << "verify wrote something";
}

TEST_F(VerifyTableTest, NothingExportedIsNotProven) {
  world.source.Append({RowAt(1)});
  EXPECT_EQ(Verify().outcome(), Outcome::kNothingExported);
}

// --- What lies at the destination is not what the manifest says

TEST_F(VerifyTableTest, MissingFileIsNamed) {
  Export(1, 2);
  const auto lost = DataFiles().at(0);
  ASSERT_THAT(world.destination->Delete(lost), IsOk());
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_THAT(report.exports.at(0).faults, Contains(HasSubstr(lost)));
  EXPECT_NE(report.exports.at(0).remedy, "");
  EXPECT_THAT(report.exports.at(1).faults, IsEmpty());
}

TEST_F(VerifyTableTest, FileOfTheSameSizeWithOtherBytesIsFound) {
  Export(1, 1);
  Edit(DataFiles().at(0), "PAR1", "PARX");
  EXPECT_EQ(Verify().outcome(), Outcome::kNotProven);
}

TEST_F(VerifyTableTest, WholeFileOfAnotherExportInItsPlaceIsFound) {
  Export(1, 2);
  const auto files = DataFiles();
  ASSERT_THAT(world.destination->Put(files.at(0), world.destination->Get(files.at(1)).value()),
              IsOk());
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_EQ(report.exports.at(0).source, SourceVerdict::kDifferent);
  EXPECT_THAT(report.exports.at(0).faults, Contains(HasSubstr("only in the source: {id: 1")));
}

// --- The manifest is not what was decided

TEST_F(VerifyTableTest, ManifestThatSomebodyEditedIsFound) {
  Export(1, 1);
  Edit(ManifestKey(1), "\"timezone\"", "\"replaces\":[7],\"timezone\"");
  EXPECT_EQ(Verify().outcome(), Outcome::kNotProven);
}

TEST_F(VerifyTableTest, ManifestThatSomebodyTookAwayIsAGap) {
  Export(1, 3);
  for (const int64_t n : {1, 2, 3}) {
    SCOPED_TRACE(n);
    const std::string kept = world.destination->Get(ManifestKey(n)).value();
    ASSERT_THAT(world.destination->Delete(ManifestKey(n)), IsOk());
    EXPECT_EQ(Verify().outcome(), Outcome::kNotProven);
    ASSERT_THAT(world.destination->Put(ManifestKey(n), kept), IsOk());
  }
}

// --- Both agree, and the source has other rows

TEST_F(VerifyTableTest, RowsThatTheSourceDoesNotHaveAreNamed) {
  Export(1, 2);
  TableBuilder other(testing::MakeMemoryStore());
  other.At(kEpoch + Hours(1) + Minutes(2)).Append({RowAt(1)});
  other.At(kEpoch + Hours(2) + Minutes(2)).Append({RowAt(2, "another")});
  world.source_store = other.store();
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_EQ(report.exports.at(0).source, SourceVerdict::kSame);
  EXPECT_EQ(report.exports.at(1).source, SourceVerdict::kDifferent);
  EXPECT_THAT(report.exports.at(1).faults,
              AllOf(Contains(HasSubstr("and they differ")),
                    Contains(AllOf(HasSubstr("only in the source"), HasSubstr("another")))));
}

TEST_F(VerifyTableTest, RowThatTheExportLeftOutIsNamed) {
  Export(1, 1);
  TableBuilder other(testing::MakeMemoryStore());
  other.At(kEpoch + Hours(1) + Minutes(2)).Append({RowAt(1), {9, RowAt(1).ts, "left out"}});
  world.source_store = other.store();
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_THAT(report.exports.at(0).faults, Contains(HasSubstr("left out")));
}

// --- Nothing can be compared

TEST_F(VerifyTableTest, SourceThatWasVacuumedProvesNothing) {
  Export(1, 2);
  world.source.Delete([](const testing::Row& row) { return row.id == 1; });
  world.source.Vacuum();
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kFilesMatch);
  EXPECT_EQ(report.exports.at(0).source, SourceVerdict::kGone);
  EXPECT_NE(report.exports.at(0).why, "");
  EXPECT_GE(report.not_compared(), 1);
}

/// Three things remember which export was the last: the note of the last run, the heartbeat, the state. They are
/// there to find an end of the ledger that was lost, and a verification goes on without one that cannot be read.
bool RemembersTheLastExport(const Call& call) {
  return call.place == Place::kState || call.key.ends_with("/last_run.json") ||
         call.key.ends_with("/heartbeat.json");
}

TEST_F(VerifyTableTest, StoreThatFailsWhereExportsAreReadIsNotProven) {
  Export(1, 1);
  auto calls = std::make_shared<int>(0);
  ASSERT_EQ(VerifyTable(world.NewRunner({}, calls), world.table).outcome(), Outcome::kProven);
  int failed = 0;
  for (int failing = 1; failing <= *calls; ++failing) {
    std::string what;
    const auto report = Verify([&](int call, const Call& made) {
      if (call != failing || RemembersTheLastExport(made)) return Fault::kNone;
      what = fmt::format("{} {}", made.operation, made.key);
      return Fault::kFailBefore;
    });
    if (what.empty()) continue;
    ++failed;
    EXPECT_EQ(report.outcome(), Outcome::kNotProven) << what;
    EXPECT_TRUE(report.error) << what;
  }
  EXPECT_GT(failed, 5);
}

TEST_F(VerifyTableTest, LostEndOfTheLedgerIsFoundThoughOneThatRemembersItCannotBeRead) {
  Export(1, 2);
  for (const auto& key : Keys("_sluice/")) {
    if (key.find(ledger::FormatNumber(2)) != std::string::npos) {
      ASSERT_THAT(world.destination->Delete(key), IsOk());
    }
  }
  EXPECT_EQ(Verify().outcome(), Outcome::kNotProven);
  for (const std::string part : {"/last_run.json", "/heartbeat.json", "_delta_log"}) {
    const auto report = Verify([&](int, const Call& call) {
      const bool is_meant =
          RemembersTheLastExport(call) && call.key.find(part) != std::string::npos;
      return is_meant ? Fault::kFailBefore : Fault::kNone;
    });
    EXPECT_EQ(report.outcome(), Outcome::kNotProven) << part;
  }
}

TEST_F(VerifyTableTest, CancelledVerificationIsNotProven) {
  Export(1, 1);
  const auto services = world.NewRunner();
  services.cancel.Cancel(15);
  EXPECT_EQ(VerifyTable(services, world.table).outcome(), Outcome::kNotProven);
}

// --- A reader who lists folders sees more

TEST_F(VerifyTableTest, FileOfOurNameThatNoManifestNamesIsFound) {
  Export(1, 1);
  std::string twin = DataFiles().at(0);
  twin[twin.rfind(".parquet") - 1] = '7';
  ASSERT_THAT(world.destination->Put(twin, "rows"), IsOk());
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_THAT(report.faults, Contains(AllOf(HasSubstr(twin), HasSubstr("export 1"))));
}

TEST_F(VerifyTableTest, FilesOfOthersBesideWindowsAreTheirs) {
  Export(1, 1);
  const std::string folder = DataFiles().at(0).substr(0, DataFiles().at(0).rfind('/') + 1);
  ASSERT_THAT(world.destination->Put(folder + "part-0.parquet", "x"), IsOk());
  EXPECT_EQ(Verify().outcome(), Outcome::kProven);
}

TEST_F(VerifyTableTest, ManyStrayFilesAreCountedNotListed) {
  Export(1, 1);
  std::string twin = DataFiles().at(0);
  for (char digit = '2'; digit <= '9'; ++digit) {
    twin[twin.rfind(".parquet") - 1] = digit;
    ASSERT_THAT(world.destination->Put(twin, "rows"), IsOk());
  }
  const auto report = Verify();
  EXPECT_THAT(report.faults, SizeIs(6));
  EXPECT_THAT(report.faults.back(), HasSubstr("3 more"));
}

// --- Only a part is asked for

TEST_F(VerifyTableTest, ExportsBeforeSinceAreNotLookedAtAndTheReportSaysSo) {
  Export(1, 3);
  ASSERT_THAT(world.destination->Delete(DataFiles().at(0)), IsOk());
  VerifyOptions options;
  options.since = FormatTimestamp(kEpoch + Hours(2));
  const auto report = Verify({}, options);
  EXPECT_THAT(report.exports, SizeIs(2));
  EXPECT_EQ(report.since, options.since);
  options.since = "last week";
  EXPECT_TRUE(Verify({}, options).error);
}

// --- A feed adds up

testing::TableOptions Feed() {
  testing::TableOptions options;
  options.properties = {{"delta.enableChangeDataFeed", "true"}};
  return options;
}

class VerifyFeedTest : public VerifyTableTest {
 protected:
  VerifyFeedTest() : VerifyTableTest(simulation::FeedTable(), Feed()) {
    world.source.Append({{1, 1, "a"}, {2, 2, "b"}, {3, 3, "c"}});
    Run();
    world.source.Update([](const auto& row) { return row.id == 1; }, "A");
    world.source.Delete([](const auto& row) { return row.id == 2; });
    Run();
    world.source.Append({{4, 4, "d"}});
    Run();
  }
  void Run() {
    world.wall->Advance(Minutes(10));
    world.clock->Advance(Minutes(10));
    const auto report = world.Run();
    ASSERT_EQ(report.status, exporter::RunStatus::kExported)
        << (report.error ? report.error->message : "");
  }
};

TEST_F(VerifyFeedTest, SeedAndChangesMakeUpTheSource) {
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kProven);
  EXPECT_THAT(report.balance, HasSubstr("make up the source at that version: 3 rows"));
}

TEST_F(VerifyFeedTest, RowsFromBeforeAColumnAreNullThere) {
  world.source.AddColumn("added");
  world.source.Append({{5, 5, "e", "new"}});
  Run();
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kProven);
  EXPECT_THAT(report.balance, HasSubstr("4 rows"));
}

TEST_F(VerifyFeedTest, ChangesThatSomebodyTookAwayAreNotSummedUp) {
  ASSERT_THAT(world.destination->Delete(DataFiles().back()), IsOk());
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_THAT(report.balance, HasSubstr("not summed up"));
}

TEST_F(VerifyFeedTest, StateThatWasMovedBreaksTheSumAndIsSaid) {
  const auto set =
      exporter::StateSet(world.NewRunner(), world.table, {.value = "1", .skip = false});
  ASSERT_FALSE(set.error) << set.error->message;
  EXPECT_THAT(Verify().balance, HasSubstr("moved the state"));
}

TEST_F(VerifyFeedTest, PartOfAFeedIsNotSummedUp) {
  VerifyOptions options;
  options.since = "1";
  EXPECT_EQ(Verify({}, options).balance, "");
}

// --- Snapshots

class VerifySnapshotTest : public VerifyTableTest {
 protected:
  VerifySnapshotTest() : VerifyTableTest(simulation::SnapshotTable(3)) {
    world.source.Append({{1, 1, "a"}});
    EXPECT_EQ(world.Run().status, exporter::RunStatus::kExported);
    folder_ = DataFiles().at(0).substr(0, DataFiles().at(0).rfind('/') + 1);
  }
  store::Key folder_;
};

TEST_F(VerifySnapshotTest, AnyFileInItsFolderIsReadWithIt) {
  EXPECT_EQ(Verify().outcome(), Outcome::kProven);
  ASSERT_THAT(world.destination->Put(folder_ + "_notes", "x"), IsOk());
  EXPECT_EQ(Verify().outcome(), Outcome::kProven) << "engines skip names that begin with _";
  ASSERT_THAT(world.destination->Put(folder_ + "part-0.parquet", "x"), IsOk());
  EXPECT_EQ(Verify().outcome(), Outcome::kNotProven);
}

TEST_F(VerifySnapshotTest, SnapshotWithoutItsMarkerLooksUnfinished) {
  ASSERT_THAT(world.destination->Delete(folder_ + "_SUCCESS"), IsOk());
  const auto report = Verify();
  EXPECT_EQ(report.outcome(), Outcome::kNotProven);
  EXPECT_THAT(report.exports.at(0).faults, ElementsAre(HasSubstr("_SUCCESS")));
}

}  // namespace
}  // namespace sluice::verify
