#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sluice/exporter/exporter.h"
#include "sluice/ledger/ledger.h"
#include "sluice/runtime/log.h"
#include "sluice/simulation/world.h"

/// Ranges that somebody exports by hand, beside the windows of runs.
namespace sluice::simulation {
namespace {

using exporter::RunStatus;
using ::testing::Each;
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

  exporter::RunReport Backfill(Duration from, Duration to, const std::string& chunk = {}) {
    exporter::BackfillOptions options;
    options.from = FormatTimestamp(kEpoch + from);
    options.to = FormatTimestamp(kEpoch + to);
    if (!chunk.empty()) options.chunk = chunk;
    return exporter::Backfill(world.NewRunner(), world.table, options);
  }

  std::vector<int64_t> NullWatermarks() {
    std::vector<int64_t> counts;
    const ledger::Ledger ledger(world.destination, world.destination, world.table.name);
    for (const auto& manifest : ledger.ReadManifests().value()) {
      counts.push_back(manifest.null_watermarks);
    }
    return counts;
  }

  World world;
};

TEST_F(Backfills, EachChunkCountsTheRowsThatHaveNoWatermark) {
  AppendHours(1, 6);
  world.source.Append({{7, std::nullopt, "no time", std::nullopt}});
  world.table.start = config::StartTime{kEpoch + Hours(4)};
  world.clock->Set(kEpoch + Hours(6));
  ASSERT_EQ(world.Run().status, RunStatus::kExported);
  const auto report = Backfill(Hours(0), Hours(4), "2h");
  EXPECT_THAT(report.windows, SizeIs(2));
  EXPECT_EQ(report.null_watermarks, 1);
  EXPECT_THAT(NullWatermarks(), Each(1));
}

}  // namespace
}  // namespace sluice::simulation
