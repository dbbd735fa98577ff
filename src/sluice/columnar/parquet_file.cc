#include "sluice/columnar/parquet_file.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <parquet/properties.h>

#include <algorithm>
#include <utility>

namespace sluice::columnar {
namespace {

// What the columns of a stream read ahead, together and each at least. A remote store is asked once a
// buffer, and each answer takes tens of milliseconds, whatever its size.
constexpr int64_t kStreamBufferBytes = int64_t{8} << 20;
constexpr int64_t kColumnBufferBytes = int64_t{256} << 10;

parquet::ReaderProperties StreamingProperties(int64_t column_buffer_bytes) {
  parquet::ReaderProperties properties(arrow::default_memory_pool());
  properties.enable_buffered_stream();
  properties.set_buffer_size(column_buffer_bytes);
  return properties;
}

// Each column's share, and no more than its largest chunk has.
int64_t ColumnBufferBytes(const parquet::FileMetaData& metadata, const std::vector<int>& row_groups,
                          const std::vector<int>& columns) {
  int64_t largest = 0;
  for (const int row_group : row_groups) {
    const auto group = metadata.RowGroup(row_group);
    for (const int column : columns) {
      largest = std::max(largest, group->ColumnChunk(column)->total_compressed_size());
    }
  }
  const auto count = std::max<int64_t>(1, static_cast<int64_t>(columns.size()));
  return std::max(kColumnBufferBytes, std::min(kStreamBufferBytes / count, largest));
}

}  // namespace

Result<ParquetFile> OpenParquet(const store::ObjectStore& store, const store::Key& key) {
  ParquetFile file;
  file.name = store.DisplayName(key);
  SLUICE_ASSIGN_OR_RETURN(auto object, store.Open(key));
  file.bytes = columnar::MakeRandomAccessFile(std::move(object));
  return GuardParquet(file.name, [&]() -> Result<ParquetFile> {
    const auto reader =
        parquet::ParquetFileReader::Open(file.bytes, StreamingProperties(kColumnBufferBytes));
    file.metadata = reader->metadata();
    return std::move(file);
  });
}

Result<ParquetStream> StreamParquet(const ParquetFile& file, const std::vector<int>& row_groups,
                                    const std::vector<int>& columns, int64_t batch_rows) {
  return GuardParquet(file.name, [&]() -> Result<ParquetStream> {
    const int64_t buffer = ColumnBufferBytes(*file.metadata, row_groups, columns);
    auto raw =
        parquet::ParquetFileReader::Open(file.bytes, StreamingProperties(buffer), file.metadata);
    parquet::ArrowReaderProperties properties(/*use_threads=*/false);
    properties.set_pre_buffer(false);
    properties.set_batch_size(batch_rows);
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    ParquetStream stream;
    SLUICE_ARROW_ASSIGN(
        stream.reader,
        parquet::arrow::FileReader::Make(arrow::default_memory_pool(), std::move(raw), properties),
        file.name);
    SLUICE_ARROW_ASSIGN(stream.batches, stream.reader->GetRecordBatchReader(row_groups, columns),
                        file.name);
    return stream;
  });
}

}  // namespace sluice::columnar
