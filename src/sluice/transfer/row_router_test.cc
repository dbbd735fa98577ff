#include "sluice/transfer/row_router.h"

#include <gmock/gmock.h>

#include <map>
#include <string>

#include "sluice/columnar/row_hash.h"
#include "sluice/testing/matchers.h"
#include "sluice/transfer/rows_fixture.h"

namespace sluice::transfer {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Pair;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr Timestamp Minute(int64_t minute) { return Timestamp{Minutes(minute).micros}; }

/// Remembers each partition's ids in the order in which they come.
class SeenRows : public RowSink {
 public:
  Status Add(std::shared_ptr<const StagedRows> rows, const std::vector<Run>& runs) override {
    ++batches;
    for (const Run& run : runs) {
      for (const int64_t id : IdsIn(*rows->batch()->column(0), run.offset, run.length)) {
        ids[run.partition].push_back(id);
      }
    }
    return {};
  }
  int batches = 0;
  std::map<int, std::vector<int64_t>> ids;
};

class RowRouterTest : public ::testing::Test {
 protected:
  RowRouterTest() {
    options_.window = {Minute(0), Minute(600)};
    options_.output_schema = IdSchema();
    options_.output_columns = {0};
    options_.staging_bytes = 1 << 20;
  }
  RowRouter Router() { return RowRouter(options_, index_, budget_, &seen_); }
  /// One row a minute from `first` on, its id the minute.
  static Status RouteMinutes(RowRouter& router, int64_t first, int64_t count) {
    std::vector<std::optional<Timestamp>> instants;
    for (int64_t i = 0; i < count; ++i) instants.push_back(Minute(first + i));
    return router.Route(IdBatch(first, count), *Instants(instants), nullptr);
  }

  RouterOptions options_;
  PartitionIndex index_{plan::Partitioning{plan::Partitioning::Kind::kHour, TimeZone::Utc(), ""}};
  MemoryBudget budget_{1 << 20};
  SeenRows seen_;
};

TEST_F(RowRouterTest, RowsAreGatheredAndHandedOnByPartition) {
  RowRouter router = Router();
  const auto instants = Instants({Minute(5), Minute(65), Minute(6), Minute(66)});
  ASSERT_THAT(router.Route(IdBatch(1, 4), *instants, nullptr), IsOk());
  EXPECT_THAT(seen_.ids, IsEmpty());
  EXPECT_FALSE(router.empty());
  ASSERT_THAT(router.Drain(), IsOk());
  EXPECT_TRUE(router.empty());
  EXPECT_THAT(seen_.ids,
              UnorderedElementsAre(Pair(0, ElementsAre(1, 3)), Pair(1, ElementsAre(2, 4))));
}

TEST_F(RowRouterTest, RowsOutsideOfTheWindowAndWithoutAnInstantStayOut) {
  options_.window = {Minute(10), Minute(20)};
  RowRouter router = Router();
  const auto instants = Instants({Minute(10), Minute(11), std::nullopt, Minute(20), Minute(21)});
  ASSERT_THAT(router.Route(IdBatch(1, 5), *instants, nullptr), IsOk());
  ASSERT_THAT(router.Drain(), IsOk());
  EXPECT_THAT(seen_.ids, ElementsAre(Pair(0, ElementsAre(2, 4))));
  EXPECT_EQ(router.totals().rows, 2);
  EXPECT_EQ(router.totals().watermark_min, Minute(11).micros);
  EXPECT_EQ(router.totals().watermark_max, Minute(20).micros);
}

TEST_F(RowRouterTest, RowsThatAreNotKeptStayOut) {
  RowRouter router = Router();
  const std::vector<uint8_t> keep{1, 0, 1};
  ASSERT_THAT(router.Route(IdBatch(1, 3), *Instants({Minute(1), Minute(2), Minute(3)}), &keep),
              IsOk());
  ASSERT_THAT(router.Drain(), IsOk());
  EXPECT_THAT(seen_.ids, ElementsAre(Pair(0, ElementsAre(1, 3))));
}

TEST_F(RowRouterTest, ABatchOfNoRowGivesNothing) {
  RowRouter router = Router();
  ASSERT_THAT(router.Route(IdBatch(1, 1), *Instants({std::nullopt}), nullptr), IsOk());
  ASSERT_THAT(router.Drain(), IsOk());
  EXPECT_EQ(seen_.batches, 0);
  EXPECT_EQ(router.totals().watermark_min, std::nullopt);
}

TEST_F(RowRouterTest, LongRunsGoOnAtOnceAndWithoutACopy) {
  options_.window = plan::kAllTime;
  RowRouter router = Router();
  ASSERT_THAT(RouteMinutes(router, 0, 60 * 24 * 10), IsOk());  // runs of 60 are too short
  EXPECT_THAT(seen_.ids, IsEmpty());
  ASSERT_THAT(router.Drain(), IsOk());
  const auto batch = IdBatch(0, 8'000);
  const auto same = Instants(std::vector<std::optional<Timestamp>>(8'000, Minute(1)));
  const int before = seen_.batches;
  ASSERT_THAT(router.Route(batch, *same, nullptr), IsOk());
  EXPECT_EQ(seen_.batches, before + 1);
  EXPECT_TRUE(router.empty());
}

TEST_F(RowRouterTest, AFullStageIsHandedOn) {
  options_.staging_bytes = 20'000;
  RowRouter router = Router();
  for (int i = 0; i < 100 && seen_.batches == 0; ++i)
    ASSERT_THAT(RouteMinutes(router, 1, 599), IsOk());
  EXPECT_EQ(seen_.batches, 1);
  EXPECT_TRUE(router.empty());
}

TEST_F(RowRouterTest, TheHashDoesNotDependOnTheWay) {
  RowRouter gathered = Router(), run_by_run = Router();
  const std::vector<std::optional<Timestamp>> same(8'000, Minute(1));
  ASSERT_THAT(run_by_run.Route(IdBatch(0, 8'000), *Instants(same), nullptr), IsOk());
  for (int64_t first = 0; first < 8'000; first += 1'000) {
    const std::vector<std::optional<Timestamp>> part(1'000, Minute(1));
    ASSERT_THAT(gathered.Route(IdBatch(first, 1'000), *Instants(part), nullptr), IsOk());
  }
  ASSERT_THAT(gathered.Drain(), IsOk());
  EXPECT_EQ(gathered.totals().row_hash, run_by_run.totals().row_hash);
  EXPECT_EQ(gathered.totals().row_hash, columnar::SumRowHashes(*IdBatch(0, 8'000)).value());
}

TEST_F(RowRouterTest, CountingHandsNothingOn) {
  options_.count_only = true;
  RowRouter router = Router();
  ASSERT_THAT(RouteMinutes(router, 1, 100), IsOk());
  ASSERT_THAT(router.Drain(), IsOk());
  EXPECT_EQ(seen_.batches, 0);
  EXPECT_EQ(router.totals().rows, 100);
  EXPECT_EQ(router.totals().row_hash, RowHashSum{});
}

TEST_F(RowRouterTest, TheBudgetIsFreeOnceTheRowsAreGone) {
  RowRouter router = Router();
  ASSERT_THAT(RouteMinutes(router, 1, 100), IsOk());
  ASSERT_THAT(router.Drain(), IsOk());
  EXPECT_GE(budget_.peak(), 100 * 8);
  EXPECT_EQ(budget_.used(), 0);
}

TEST(RowTotalsTest, SumsAddUpAndBoundsWiden) {
  RowTotals all{2, {1, 1}, 10, 20};
  all.Add({3, {2, 2}, 5, 15});
  all.Add({});
  EXPECT_EQ(all.rows, 5);
  EXPECT_EQ(all.watermark_min, 5);
  EXPECT_EQ(all.watermark_max, 20);
}

}  // namespace
}  // namespace sluice::transfer
