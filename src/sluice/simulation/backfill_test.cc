#include <fmt/format.h>
#include <gmock/gmock.h>

#include <new>

#include "sluice/exporter/exporter.h"
#include "sluice/ledger/in_force.h"
#include "sluice/ledger/ledger.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/export_check.h"
#include "sluice/simulation/world.h"

/// Ranges that somebody exports by hand, beside the windows of runs.
namespace sluice::simulation {
namespace {

using exporter::RunStatus;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Backfills : public ::testing::Test {
 protected:
  Backfills() : world(AppendTable()) { spdlog::set_level(spdlog::level::off); }

  /// One row half an hour before each of these full hours.
  void AppendHours(int64_t first, int64_t last) {
    for (int64_t hour = first; hour <= last; ++hour) {
      world.source.Append({{hour, (kEpoch + Minutes(60 * hour - 30)).micros,
                            fmt::format("row {}", hour), std::nullopt}});
    }
  }

  exporter::RunReport Backfill(Duration from, Duration to, const std::string& chunk = {},
                               bool again = false) {
    exporter::BackfillOptions options;
    options.again = again;
    options.from = FormatTimestamp(kEpoch + from);
    options.to = FormatTimestamp(kEpoch + to);
    if (!chunk.empty()) options.chunk = chunk;
    return exporter::Backfill(world.NewRunner(), world.table, options);
  }

  std::vector<int64_t> NullWatermarks() {
    std::vector<int64_t> counts;
    const ledger::Ledger ledger(world.destination, world.destination, world.table.name);
    const auto manifests = ledger.ReadManifests();
    for (const auto& manifest : manifests.value()) {
      counts.push_back(manifest.null_watermarks);
    }
    return counts;
  }

  /// Of each export in force, ascending.
  std::vector<int64_t> RowsInForce() {
    std::vector<int64_t> rows;
    const ledger::Ledger ledger(world.destination, world.destination, world.table.name);
    for (const auto& manifest : ledger::InForce(ledger.ReadManifests().value())) {
      if (manifest.kind != ledger::ExportKind::kReset) rows.push_back(manifest.rows);
    }
    return rows;
  }

  World world;
};

TEST_F(Backfills, EachChunkCountsTheRowsThatHaveNoWatermark) {
  AppendHours(1, 6);
  world.source.Append({{7, std::nullopt, "no time", std::nullopt}});
  world.table.append().start = config::StartTime{kEpoch + Hours(4)};
  world.clock->Set(kEpoch + Hours(6));
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  const auto report = Backfill(Hours(0), Hours(4), "2h");
  EXPECT_THAT(report.windows, SizeIs(2));
  EXPECT_EQ(report.null_watermarks, 1);
  EXPECT_THAT(NullWatermarks(), Each(1));
}

TEST_F(Backfills, NeverHoldRowsThatTheNextWindowExports) {
  AppendHours(1, 13);
  world.clock->Set(kEpoch + Hours(12));
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  const auto set = exporter::StateSet(world.NewRunner(), world.table,
                                      {.value = FormatTimestamp(kEpoch + Hours(10))});
  ASSERT_FALSE(set.error);
  const auto refused = Backfill(Hours(9), Hours(10), "", /*again=*/true);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->kind, ErrorKind::kConflict);
  EXPECT_THAT(refused.error->remedy, HasSubstr("`sluice run events`"));

  // The remedy.
  world.clock->Set(kEpoch + Hours(13));
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  const auto done = Backfill(Hours(9), Hours(10), "", /*again=*/true);
  ASSERT_FALSE(done.error) << done.error->message;
  EXPECT_EQ(done.rows, 4);  // what was there twice, too; the rest stays
  EXPECT_EQ(world.Run().status, RunStatus::kNothingNew);
  EXPECT_THAT(RowsInForce(), ElementsAre(13));
}

TEST_F(Backfills, OfAPartReadItsFoldersAgainAndCarryTheOthersOver) {
  AppendHours(1, 6);
  world.clock->Set(kEpoch + Hours(6));
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  const auto report = Backfill(Minutes(80), Minutes(100), "", /*again=*/true);
  ASSERT_FALSE(report.error) << report.error->message;
  EXPECT_EQ(report.rows, 1);
  EXPECT_THAT(RowsInForce(), ElementsAre(6));
  EXPECT_THAT(CheckExport(world, ParquetRows(world.destination)), ::testing::IsEmpty());
}

TEST_F(Backfills, AndRunsThatThrowAreReportedAsFailed) {
  AppendHours(1, 2);
  world.clock->Set(kEpoch + Hours(2));
  const auto report = world.Run([](int call, const Call&) -> testing::Fault {
    if (call == 7) throw std::bad_alloc();
    return testing::Fault::kNone;
  });
  EXPECT_EQ(report.status, RunStatus::kFailed);
  ASSERT_TRUE(report.error);
  EXPECT_THAT(report.error->message, HasSubstr("table main.sales.events"));
  EXPECT_TRUE(world.RunUntilNothingNew());
}

}  // namespace
}  // namespace sluice::simulation
