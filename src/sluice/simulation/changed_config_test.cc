#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/exporter/exporter.h"
#include "sluice/exporter/inspect/check.h"
#include "sluice/exporter/inspect/status.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/simulation/world.h"
#include "sluice/testing/matchers.h"

/// Between a crash and the run that puts things right somebody edits sluice.yaml, or the source moves on.
namespace sluice::simulation {
namespace {

using ::testing::Contains;
using testing::Fault;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AfterACrash : public ::testing::Test {
 protected:
  AfterACrash() : world(AppendTable()) {
    spdlog::set_level(spdlog::level::off);
    for (int64_t hour = 1; hour <= 3; ++hour) {
      world.source.Append({{hour, (kEpoch + Minutes(60 * hour - 30)).micros,
                            fmt::format("row {}", hour), std::nullopt}});
    }
    world.clock->Set(kEpoch + Hours(3));
  }

  /// The first run dies before the first call of that kind whose key holds `part`.
  void DieBefore(const std::string& operation, const std::string& part) {
    const auto report = world.Run([&](int, const Call& call) {
      const bool here = call.operation == operation && call.key.find(part) != store::Key::npos;
      return here ? Fault::kDieBefore : Fault::kNone;
    });
    ASSERT_EQ(report.status, exporter::RunStatus::kFailed);
    world.wall->Advance(Minutes(10));
  }

  std::vector<std::string> Faults() {
    world.RunUntilNothingNew();
    auto faults = CheckExport(world, ParquetRows(world.destination));
    for (auto& violation : world.watch->violations()) faults.push_back(std::move(violation));
    return faults;
  }

  World world;
};

TEST_F(AfterACrash, AFirstExportOfAnotherMeanwhileIsNoLedgerThatIsGone) {
  bool done = false;
  const auto report = world.Run([&](int, const Call& call) {
    // The ledger has been found empty; the state is looked at next.
    if (!done && call.place == Place::kState) {
      done = true;
      EXPECT_EQ(world.Run().status, exporter::RunStatus::kExported);
    }
    return Fault::kNone;
  });
  EXPECT_EQ(report.status, exporter::RunStatus::kNothingNew);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, AFirstManifestOfAnotherMeanwhileIsNoLedgerThatIsGone) {
  bool done = false;
  const auto report = world.Run([&](int, const Call& call) {
    // The ledger has been found empty; the manifests are looked at next.
    const bool looks =
        call.operation == "List" && call.key.find("/manifests/") != std::string::npos;
    if (!done && looks) {
      done = true;
      EXPECT_EQ(world.Run().status, exporter::RunStatus::kExported);
    }
    return Fault::kNone;
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(report.status, exporter::RunStatus::kNothingNew);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, AStateThatIsToFollowIsNoStateThatIsLost) {
  bool published = false;
  world.Run([&](int, const Call& call) {
    if (published && call.place == Place::kState) return Fault::kDieBefore;
    published = published || (call.operation == "PutIfAbsent" &&
                              call.key.find("/manifests/") != std::string::npos);
    return Fault::kNone;
  });
  const auto services = world.NewRunner();
  const auto status = exporter::StatusOf(services, world.table);
  EXPECT_THAT(status.unfinished, HasSubstr("_export_state has not followed"));
  EXPECT_EQ(status.warning, "");
  const auto plan = exporter::PlanTable(services, world.table, {});
  EXPECT_FALSE(plan.error);
  EXPECT_EQ(plan.unfinished, 1);
  for (const auto& finding : exporter::CheckTable(services, world.table)) {
    EXPECT_NE(finding.severity, exporter::Severity::kFault) << finding.message;
  }
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, AnUndecidedNumberOfAnotherShapeIsVoidedAndPlannedAnew) {
  DieBefore("PutIfAbsent", ".commit.json");
  world.table.partition = config::Partition::kDaily;
  const auto report = world.Run();
  EXPECT_EQ(report.windows.size(), 1u);
  EXPECT_EQ(report.windows.front().n, 2);
  EXPECT_THAT(report.notes, Contains(HasSubstr("export 1 was voided")));
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, ADecidedNumberIsFinishedAsRecordedWhateverTheConfigSaysNow) {
  DieBefore("CompleteUpload", "events_incremental/");
  world.table.partition = config::Partition::kDaily;
  const auto report = world.Run();
  EXPECT_EQ(report.windows.front().n, 1);
  EXPECT_EQ(report.resumed, 1);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, ADecidedNumberThatHoldsAnExcludedColumnStopsTheRunAndMayBeVoided) {
  DieBefore("CompleteUpload", "events_incremental/");
  world.table.exclude = {"ts"};
  const auto stopped = world.Run();
  ASSERT_TRUE(stopped.error);
  EXPECT_THAT(stopped.error->remedy, HasSubstr("sluice state void events"));
  EXPECT_THAT(store::ListAll(*world.destination, "events_incremental/").value(), IsEmpty());

  const auto voided = exporter::StateVoid(world.NewRunner(), world.table);
  EXPECT_FALSE(voided.error);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, AnUndecidedNumberWhosePinnedVersionIsGoneIsVoidedAndPlannedAnew) {
  DieBefore("PutIfAbsent", ".commit.json");
  world.source.Optimize();
  world.source.Vacuum();
  const auto report = world.Run();
  EXPECT_THAT(report.notes, Contains(HasSubstr("can no longer be read: ")));
  const auto published = world.destination->Get(ledger::ManifestKey("events", 1));
  ASSERT_THAT(published, testing::IsOk());
  EXPECT_THAT(*published, HasSubstr("can no longer be read\""))
      << "the partner reads why, not where";
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(AfterACrash, AnUndecidedNumberWhosePinnedLogIsGoneIsVoidedAndPlannedAnew) {
  DieBefore("PutIfAbsent", ".commit.json");
  world.source.Optimize();
  world.source.Checkpoint();
  world.source.CleanLog(world.source.version());
  const auto report = world.Run();
  EXPECT_THAT(report.notes, Contains(HasSubstr("can no longer be read")));
  EXPECT_THAT(Faults(), IsEmpty());
}

}  // namespace
}  // namespace sluice::simulation
