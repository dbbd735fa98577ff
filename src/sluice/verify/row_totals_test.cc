#include "sluice/verify/row_totals.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <map>

#include "sluice/testing/matchers.h"

/// Two sides are called equal by these sums alone: what differs must never sum up to the same.
namespace sluice::verify {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsError;
using testing::IsOk;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

using Texts = std::vector<std::optional<std::string>>;

std::shared_ptr<arrow::RecordBatch> Batch(const Texts& texts) {
  arrow::StringBuilder builder;
  for (const auto& text : texts) {
    EXPECT_TRUE((text ? builder.Append(*text) : builder.AppendNull()).ok());
  }
  const auto column = builder.Finish().ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("text", arrow::utf8())}),
                                  column->length(), {column});
}

struct Sums {
  RowTotal all;
  std::map<std::string, RowTotal> by_partition;
};

Sums Sum(const std::vector<Texts>& batches, const std::string& partition = "p") {
  RowTotals totals;
  for (const auto& batch : batches) EXPECT_THAT(totals.Add(*Batch(batch), partition), IsOk());
  return {totals.All(), totals.ByPartition()};
}

/// A side that holds these rows in partition "p", and others in "q".
RowSide Side(const Texts& rows) {
  return [rows](const RowVisit& visit) -> Status {
    SLUICE_RETURN_IF_ERROR(visit(*Batch(rows), "p"));
    return visit(*Batch({"another partition's"}), "q");
  };
}

constexpr int64_t kPlenty = 1 << 20;

TEST(RowTotalsTest, OrderAndBatchesDoNotMatter) {
  EXPECT_EQ(Sum({{"a", "b", "c"}}).all, Sum({{"c"}, {}, {"b", "a"}}).all);
}

TEST(RowTotalsTest, SameNumberOfOtherRowsIsDifferent) {
  const RowTotal all = Sum({{"a", "b"}}).all;
  EXPECT_NE(all, Sum({{"a", "c"}}).all);
  EXPECT_NE(all, Sum({{"ab", ""}}).all);
  EXPECT_NE(Sum({{""}}).all, Sum({{std::nullopt}}).all) << "null is not empty";
}

TEST(RowTotalsTest, RowsThatLieThereTwiceDoNotCancelOut) {
  EXPECT_NE(Sum({{"a", "a", "b"}}).all, Sum({{"a", "b", "b"}}).all);
  EXPECT_NE(Sum({{"a", "a"}}).all, Sum({{"b", "b"}}).all);
  EXPECT_NE(Sum({{"a", "a"}}).all, Sum({{}}).all);
}

TEST(RowTotalsTest, RowsInAnotherPartitionShowByPartitionOnly) {
  const auto one = Sum({{"a"}}, "p"), other = Sum({{"a"}}, "q");
  EXPECT_EQ(one.all, other.all);
  EXPECT_NE(one.by_partition, other.by_partition);
}

TEST(DifferingRowsTest, RowsOfOneSideAreNamedWithTheSide) {
  const auto lines = FindDifferingRows(Side({"a", "b"}), Side({"b", "c"}), "p", kPlenty);
  ASSERT_THAT(lines, IsOk());
  EXPECT_THAT(*lines, UnorderedElementsAre("only at the destination: {text: a}",
                                           "only in the source: {text: c}"));
}

TEST(DifferingRowsTest, RowThatLiesThereMoreOftenIsCounted) {
  const auto lines = FindDifferingRows(Side({"a", "a", "a"}), Side({"a"}), "p", kPlenty);
  ASSERT_THAT(lines, IsOk());
  EXPECT_THAT(*lines, ElementsAre("3 times at the destination, once in the source: {text: a}"));
}

TEST(DifferingRowsTest, EqualSidesHaveNone) {
  EXPECT_THAT(*FindDifferingRows(Side({"a", "b"}), Side({"b", "a"}), "p", kPlenty), IsEmpty());
}

TEST(DifferingRowsTest, LittleMemoryFindsThemToo) {
  Texts rows;
  for (int i = 0; i < 500; ++i) rows.push_back(std::to_string(i));
  Texts fewer = rows;
  fewer.erase(fewer.begin() + 321);
  const auto lines = FindDifferingRows(Side(fewer), Side(rows), "p", 64);
  ASSERT_THAT(lines, IsOk());
  EXPECT_THAT(*lines, ElementsAre("only in the source: {text: 321}"));
}

TEST(DifferingRowsTest, AFewAreEnoughAndLongOnesAreCut) {
  const Texts rows = {"1", "2", "3", "4", std::string(5000, 'x')};
  EXPECT_THAT(*FindDifferingRows(Side(rows), Side({}), "p", kPlenty), SizeIs(3));
  const auto lines = *FindDifferingRows(Side({rows.back()}), Side({}), "p", kPlenty);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_LT(lines[0].size(), 400u);
  EXPECT_THAT(lines[0], HasSubstr("..."));
}

TEST(DifferingRowsTest, SideThatCannotBeReadIsAnError) {
  const RowSide broken = [](const RowVisit&) -> Status {
    return Fail(ErrorKind::kTransient, "the store is away");
  };
  EXPECT_THAT(FindDifferingRows(Side({"a"}), broken, "p", kPlenty), IsError(ErrorKind::kTransient));
}

}  // namespace
}  // namespace sluice::verify
