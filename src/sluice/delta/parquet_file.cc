#include "sluice/delta/parquet_file.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <parquet/properties.h>

#include <utility>

namespace sluice::delta {
namespace {

// Of each column's read-ahead: large enough for a remote store, small against a row group.
constexpr int64_t kColumnBufferBytes = 256 * 1024;

parquet::ReaderProperties StreamingProperties() {
  parquet::ReaderProperties properties(arrow::default_memory_pool());
  properties.enable_buffered_stream();
  properties.set_buffer_size(kColumnBufferBytes);
  return properties;
}

}  // namespace

Result<ParquetFile> OpenParquet(const store::ObjectStore& store, const store::Key& key) {
  ParquetFile file;
  file.name = store.DisplayName(key);
  SLUICE_ASSIGN_OR_RETURN(auto object, store.Open(key));
  file.bytes = columnar::MakeRandomAccessFile(std::move(object));
  return GuardParquet(file.name, [&]() -> Result<ParquetFile> {
    const auto reader = parquet::ParquetFileReader::Open(file.bytes, StreamingProperties());
    file.metadata = reader->metadata();
    return std::move(file);
  });
}

Result<ParquetStream> StreamParquet(const ParquetFile& file, const std::vector<int>& row_groups,
                                    const std::vector<int>& columns, int64_t batch_rows) {
  return GuardParquet(file.name, [&]() -> Result<ParquetStream> {
    auto raw = parquet::ParquetFileReader::Open(file.bytes, StreamingProperties(), file.metadata);
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

}  // namespace sluice::delta
