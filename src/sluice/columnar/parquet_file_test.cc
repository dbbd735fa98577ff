#include "sluice/columnar/parquet_file.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <atomic>
#include <cstring>
#include <random>

#include "sluice/columnar/parquet_limits.h"
#include "sluice/testing/matchers.h"

namespace sluice::columnar {
namespace {

using testing::IsOk;

/// Bytes in memory that count how often they are asked for.
class CountingReader : public store::ObjectReader {
 public:
  CountingReader(std::shared_ptr<arrow::Buffer> bytes, std::atomic<int>& reads)
      : bytes_(std::move(bytes)), reads_(reads) {}
  int64_t size() const override { return bytes_->size(); }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    ++reads_;
    std::memcpy(out.data(), bytes_->data() + offset, out.size());
    return {};
  }

 private:
  const std::shared_ptr<arrow::Buffer> bytes_;
  std::atomic<int>& reads_;
};

/// One row group of columns that don't compress.
std::shared_ptr<arrow::Buffer> WriteColumns(int columns, int64_t rows) {
  std::mt19937_64 random(1);
  arrow::FieldVector fields;
  arrow::ChunkedArrayVector values;
  for (int i = 0; i < columns; ++i) {
    arrow::Int64Builder builder;
    for (int64_t row = 0; row < rows; ++row) {
      EXPECT_TRUE(builder.Append(static_cast<int64_t>(random())).ok());
    }
    fields.push_back(arrow::field("c" + std::to_string(i), arrow::int64()));
    values.push_back(std::make_shared<arrow::ChunkedArray>(*builder.Finish()));
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), values);
  const auto sink = *arrow::io::BufferOutputStream::Create();
  const auto properties = parquet::WriterProperties::Builder().disable_dictionary()->build();
  EXPECT_TRUE(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, rows, properties)
          .ok());
  return *sink->Finish();
}

/// How often a store is asked for a file of so many columns while all of it is streamed.
int ReadsOfStream(int columns, int64_t rows) {
  std::atomic<int> reads{0};
  ParquetFile file;
  file.name = "a.parquet";
  file.bytes = columnar::MakeRandomAccessFile(
      std::make_unique<CountingReader>(WriteColumns(columns, rows), reads));
  file.metadata = parquet::ParquetFileReader::Open(file.bytes)->metadata();
  std::vector<int> all(static_cast<size_t>(columns));
  for (int i = 0; i < columns; ++i) all[static_cast<size_t>(i)] = i;
  reads = 0;
  const auto stream = StreamParquet(file, {0}, all, 10'000, BoundedPool::Make(kMostBatchBytes));
  EXPECT_THAT(stream, IsOk());
  const auto table = stream->batches->ToTable();
  EXPECT_TRUE(table.ok() && (*table)->num_rows() == rows);
  return reads;
}

TEST(ParquetFileTest, ColumnOfAFewMegabytesIsAskedForOnce) {
  EXPECT_EQ(ReadsOfStream(4, 200'000), 4);  // 1.6 MB each
}

TEST(ParquetFileTest, ManyColumnsShareWhatMayBeReadAhead) {
  const int reads = ReadsOfStream(64, 65'536);  // 512 KiB each, and a little; shares of 256 KiB
  EXPECT_GE(reads, 64 * 2);
  EXPECT_LE(reads, 64 * 3);
}

TEST(ParquetFileTest, SmallFileIsAskedForOnce) {
  std::atomic<int> reads{0};
  const auto file =
      OpenParquet("a.parquet", std::make_unique<CountingReader>(WriteColumns(8, 10'000), reads));
  ASSERT_THAT(file, IsOk());
  const auto stream = StreamParquet(*file, {0}, {0, 1, 2, 3, 4, 5, 6, 7}, 10'000,
                                    BoundedPool::Make(kMostBatchBytes));
  ASSERT_THAT(stream, IsOk());
  const auto table = stream->batches->ToTable();
  EXPECT_TRUE(table.ok() && (*table)->num_rows() == 10'000);
  EXPECT_EQ(reads, 1);
}

}  // namespace
}  // namespace sluice::columnar
