#include "sluice/columnar/row_hash.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "sluice/testing/matchers.h"

namespace sluice::columnar {
namespace {

using testing::IsOk;
using TypePtr = std::shared_ptr<arrow::DataType>;

std::shared_ptr<arrow::Array> Values(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Batch(
    const std::vector<std::shared_ptr<arrow::Array>>& columns) {
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field("c", column->type()));
  return arrow::RecordBatch::Make(arrow::schema(fields), columns.at(0)->length(), columns);
}

std::vector<RowHash> Hashes(const std::shared_ptr<arrow::RecordBatch>& batch) {
  auto hashes = HashRows(*batch);
  EXPECT_THAT(hashes, IsOk());
  return std::move(hashes).value_or(std::vector<RowHash>());
}
std::vector<RowHash> Hashes(const TypePtr& type, const std::string& json) {
  return Hashes(Batch({Values(type, json)}));
}

TEST(RowHashTest, ZerosAndNaNsAreOneValueEach) {
  arrow::DoubleBuilder builder;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(builder.AppendValues({0.0, -0.0, nan, -nan, std::nan("7"), 1.0}).ok());
  const auto hashes = Hashes(Batch({builder.Finish().ValueOrDie()}));
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[2], hashes[3]);
  EXPECT_EQ(hashes[2], hashes[4]);
  EXPECT_NE(hashes[0], hashes[2]);
  EXPECT_NE(hashes[0], hashes[5]);
}

TEST(RowHashTest, NullIsNoValue) {
  const auto texts = Hashes(arrow::utf8(), R"([null, "", "null"])");
  EXPECT_NE(texts[0], texts[1]);
  EXPECT_NE(texts[0], texts[2]);
  const auto numbers = Hashes(arrow::int64(), "[null, 0]");
  EXPECT_NE(numbers[0], numbers[1]);
}

TEST(RowHashTest, ColumnsDoNotRunIntoEachOther) {
  const auto a =
      Hashes(Batch({Values(arrow::utf8(), R"(["ab"])"), Values(arrow::utf8(), R"(["c"])")}));
  const auto b =
      Hashes(Batch({Values(arrow::utf8(), R"(["a"])"), Values(arrow::utf8(), R"(["bc"])")}));
  const auto c =
      Hashes(Batch({Values(arrow::utf8(), R"(["c"])"), Values(arrow::utf8(), R"(["ab"])")}));
  EXPECT_NE(a, b);
  EXPECT_NE(a, c) << "their order matters";
}

TEST(RowHashTest, TimestampIsItsMicrosecondsInAnyUnit) {
  const auto micros =
      Hashes(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), "[1000000, -2000000]");
  const auto nanos =
      Hashes(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[1000000000, -2000000000]");
  EXPECT_EQ(micros, nanos) << "INT96 is read as nanoseconds";
}

TEST(RowHashTest, NestedValuesHashTheirStructure) {
  const auto lists =
      Hashes(arrow::list(arrow::int64()), "[[1,2], [2,1], [1], [], null, [null], [1,2]]");
  for (size_t i = 0; i < 6; ++i) {
    for (size_t j = i + 1; j < 6; ++j) EXPECT_NE(lists[i], lists[j]) << i << " and " << j;
  }
  EXPECT_EQ(lists[0], lists[6]);
  const auto nested =
      Hashes(arrow::list(arrow::list(arrow::int64())), "[[[1],[2]], [[1,2]], [[1,2],[]]]");
  EXPECT_NE(nested[0], nested[1]);
  EXPECT_NE(nested[1], nested[2]);
}

TEST(RowHashTest, SliceHashesAsItsRows) {
  const auto whole =
      Batch({Values(arrow::utf8(), R"(["a", null, "ccc", "d"])"),
             Values(arrow::int32(), "[1, 2, null, 4]"),
             Values(arrow::list(arrow::utf8()), R"([["x"], [], null, ["y", null]])")});
  const auto hashes = Hashes(whole);
  for (int64_t begin = 0; begin < 4; ++begin) {
    EXPECT_EQ(Hashes(whole->Slice(begin)),
              std::vector<RowHash>(hashes.begin() + begin, hashes.end()));
  }
}

RC_GTEST_PROP(RowHashProperty, SumIsIndependentOfOrderAndChunks, ()) {
  const auto values = *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 5));
  const auto cut = *rc::gen::inRange<size_t>(0, values.size() + 1);
  const auto sum = [](const std::vector<int64_t>& rows) {
    arrow::Int64Builder builder;
    RC_ASSERT(builder.AppendValues(rows).ok());
    return SumRowHashes(*Batch({builder.Finish().ValueOrDie()})).value();
  };
  auto reversed = values;
  std::reverse(reversed.begin(), reversed.end());
  RowHashSum parts = sum({reversed.begin(), reversed.begin() + static_cast<ptrdiff_t>(cut)});
  parts.Add(sum({reversed.begin() + static_cast<ptrdiff_t>(cut), reversed.end()}));
  RC_ASSERT((parts == sum(values)));
  RC_ASSERT((ParseRowHashSum(ToString(parts)).value() == parts));
  if (values.empty()) return;
  auto twice = values;
  twice.push_back(values.front());
  RC_ASSERT(!(sum(twice) == sum(values)));  // rows that stand twice do not cancel
}

TEST(RowHashSumTest, WhatIsNoSumIsRefused) {
  for (const char* text :
       {"", "xxh3-128-sum:", "xxh3-128-sum:00", "00000000000000000000000000000000",
        "xxh3-128-sum:0000000000000000000000000000000g"}) {
    EXPECT_FALSE(ParseRowHashSum(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::columnar
