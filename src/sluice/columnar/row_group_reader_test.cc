#include "sluice/columnar/row_group_reader.h"

#include <arrow/util/byte_size.h>

#include "sluice/columnar/parquet_by_hand_fixture.h"

namespace sluice::columnar {
namespace {

using testing::HasMessage;
using testing::IsError;
using testing::IsOk;

constexpr int64_t kWanted = 100'000;

struct Batches {
  std::vector<int64_t> rows;
  int64_t most_bytes = 0;
};

Batches ReadBatches(const ParquetFile& file) {
  Batches batches;
  EXPECT_THAT(ReadRowGroup(file, 0, {0}, {65'536, kWanted},
                           [&](const arrow::RecordBatch& batch) -> Status {
                             batches.rows.push_back(batch.num_rows());
                             batches.most_bytes =
                                 std::max(batches.most_bytes, arrow::util::TotalBufferSize(batch));
                             return {};
                           }),
              IsOk());
  return batches;
}

int64_t Sum(const std::vector<int64_t>& rows) {
  int64_t sum = 0;
  for (const int64_t count : rows) sum += count;
  return sum;
}

NodePtr TextColumn() { return Leaf("c", Repeat::REQUIRED, parquet::Type::BYTE_ARRAY); }

/// `before` short texts, then as many long ones; all of them from a dictionary.
ParquetFile TextsThatGrow(int64_t before) {
  std::vector<std::string> texts(static_cast<size_t>(before), "x");
  texts.resize(2 * texts.size(), std::string(10'000, 'y'));
  return WriteByHand({TextColumn()}, {Texts(texts)});
}

TEST(RowGroupReaderTest, RowsOfABatchFollowWhatTheyDecodeTo) {
  const Batches batches = ReadBatches(WriteByHand(
      {TextColumn()}, {Texts(std::vector<std::string>(2'000, std::string(10'000, 'x')))}));
  EXPECT_EQ(Sum(batches.rows), 2'000);
  EXPECT_LE(batches.rows[0], 10);
  EXPECT_GE(batches.rows[100], 8);
  EXPECT_LE(batches.most_bytes, 4 * kWanted);
}

TEST(RowGroupReaderTest, LongRowsAfterShortOnesDoNotBurstABatch) {
  const Batches batches = ReadBatches(TextsThatGrow(5'000));
  EXPECT_EQ(Sum(batches.rows), 10'000);
  EXPECT_LE(batches.most_bytes, 20 * kWanted);
}

TEST(RowGroupReaderTest, ShortRowsComeManyAtATime) {
  std::vector<int64_t> numbers(60'000);
  const Batches batches = ReadBatches(
      WriteByHand({Leaf("c", Repeat::REQUIRED, parquet::Type::INT64)}, {Numbers(numbers)}));
  EXPECT_EQ(Sum(batches.rows), 60'000);
  EXPECT_LE(batches.rows.size(), 8U);
}

TEST(RowGroupReaderTest, BatchThatWouldTakeTooMuchIsReadInParts) {
  BatchLimit limit(65'536, int64_t{1} << 40);
  limit.most_bytes = 4'000'000;
  int64_t rows = 0;
  EXPECT_THAT(ReadRowGroup(TextsThatGrow(5'000), 0, {0}, limit,
                           [&](const arrow::RecordBatch& batch) -> Status {
                             rows += batch.num_rows();
                             return {};
                           }),
              IsOk());
  EXPECT_EQ(rows, 10'000);
}

TEST(RowGroupReaderTest, RowThatTakesTooMuchIsRefused) {
  LeafData list = Texts(std::vector<std::string>(3'000, std::string(10'000, 'x')));
  list.definition.assign(3'000, 1);
  list.repetition.assign(3'000, 1);
  list.repetition[0] = 0;
  const ParquetFile file =
      WriteByHand({Leaf("c", Repeat::REPEATED, parquet::Type::BYTE_ARRAY)}, {list});
  BatchLimit limit(1024);
  limit.most_bytes = 1'000'000;
  const auto ignore = [](const arrow::RecordBatch&) { return Status(); };
  EXPECT_THAT(
      ReadRowGroup(file, 0, {0}, limit, ignore),
      ::testing::AllOf(IsError(ErrorKind::kCorrupt), HasMessage("f: a row or a page of its")));
  EXPECT_THAT(ReadRowGroup(file, 0, {0}, {1024}, ignore), IsOk());
}

TEST(RowGroupReaderTest, ErrorOfTheVisitorStops) {
  int visits = 0;
  const Status read = ReadRowGroup(TextsThatGrow(5'000), 0, {0}, {10}, [&](const auto&) -> Status {
    ++visits;
    return Fail(ErrorKind::kCancelled, "enough");
  });
  EXPECT_THAT(read, testing::IsError(ErrorKind::kCancelled));
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace sluice::columnar
