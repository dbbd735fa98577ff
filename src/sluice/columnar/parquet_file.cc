#include "sluice/columnar/parquet_file.h"

#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "sluice/columnar/parquet_footer.h"
#include "sluice/columnar/parquet_limits.h"

namespace sluice::columnar {
namespace {

// What the columns of a stream read ahead, together and each at least. A remote store is asked once a
// buffer, and each answer takes tens of milliseconds, whatever its size.
constexpr int64_t kStreamBufferBytes = int64_t{8} << 20;
constexpr int64_t kColumnBufferBytes = int64_t{256} << 10;

parquet::ReaderProperties StreamingProperties(arrow::MemoryPool* pool,
                                              int64_t column_buffer_bytes) {
  parquet::ReaderProperties properties(pool);
  properties.enable_buffered_stream();
  properties.set_buffer_size(column_buffer_bytes);
  return properties;
}

// Enough for most footers.
constexpr int64_t kFirstRead = int64_t{64} << 10;
// A file of so few bytes is read at once: each of its column chunks would be a request of its own.
constexpr int64_t kReadWhole = int64_t{1} << 20;

// An object whose end is held: the footer, and with it all of a small file, comes by one request.
class ObjectWithTail : public store::ObjectReader {
 public:
  static Result<std::unique_ptr<store::ObjectReader>> Make(
      std::unique_ptr<store::ObjectReader> object) {
    const int64_t size = object->size();
    auto held = std::make_unique<ObjectWithTail>();
    held->tail_.resize(static_cast<size_t>(size <= kReadWhole ? size : kFirstRead));
    held->begin_ = size - static_cast<int64_t>(held->tail_.size());
    SLUICE_RETURN_IF_ERROR(object->ReadAt(held->begin_, held->tail_));
    held->object_ = std::move(object);
    return held;
  }

  int64_t size() const override { return object_->size(); }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    const auto length = static_cast<int64_t>(out.size());
    if (offset < begin_ || length > size() - offset) return object_->ReadAt(offset, out);
    std::copy_n(tail_.begin() + (offset - begin_), length, out.begin());
    return {};
  }

 private:
  std::unique_ptr<store::ObjectReader> object_;
  int64_t begin_ = 0;
  std::vector<uint8_t> tail_;
};

// The footer's bytes, without its length and the magic word after it.
Result<std::string> ReadFooter(const ParquetFile& file) {
  constexpr int64_t kTailBytes = 8;
  constexpr std::string_view kMagic = "PAR1", kEncrypted = "PARE";
  SLUICE_ARROW_ASSIGN(const int64_t size, file.bytes->GetSize(), file.name);
  const int64_t first = std::min(size, kFirstRead);
  SLUICE_ARROW_ASSIGN(auto tail, file.bytes->ReadAt(size - first, first), file.name);
  const std::string_view text(*tail);
  if (text.ends_with(kEncrypted)) {
    return Fail(Error{ErrorKind::kUnsupported, fmt::format("{}: the file is encrypted", file.name),
                      "rewrite the table without Parquet encryption"});
  }
  if (tail->size() < kTailBytes || !text.ends_with(kMagic)) {
    return Fail(ErrorKind::kCorrupt, "{}: no Parquet file: it does not end with {}", file.name,
                kMagic);
  }
  uint32_t length = 0;
  std::memcpy(&length, text.data() + text.size() - kTailBytes, sizeof length);
  if (int64_t{length} > size - kTailBytes) {
    return Fail(ErrorKind::kCorrupt, "{}: its footer is longer than the file", file.name);
  }
  if (int64_t{length} > kMostFooterBytes) {
    return Fail(ErrorKind::kCorrupt, "{}: its footer has {} bytes; sluice reads up to {}",
                file.name, length, kMostFooterBytes);
  }
  const auto end = static_cast<int64_t>(text.size()) - kTailBytes;
  if (length <= end) return std::string(text.substr(static_cast<size_t>(end - length), length));
  SLUICE_ARROW_ASSIGN(auto whole, file.bytes->ReadAt(size - kTailBytes - length, length),
                      file.name);
  return whole->ToString();
}

Status RequireFewRows(const ParquetFile& file) {
  SLUICE_ARROW_ASSIGN(const int64_t size, file.bytes->GetSize(), file.name);
  const int64_t rows = file.metadata->num_rows();
  if (rows / kMostRowsPerByte <= size) return {};
  return Fail(ErrorKind::kCorrupt, "{}: {} rows in {} bytes; no data file is like that", file.name,
              rows, size);
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
  SLUICE_ASSIGN_OR_RETURN(auto object, store.Open(key));
  return OpenParquet(store.DisplayName(key), std::move(object));
}

Result<ParquetFile> OpenParquet(std::string name, std::unique_ptr<store::ObjectReader> object) {
  ParquetFile file;
  file.name = std::move(name);
  SLUICE_ASSIGN_OR_RETURN(object, ObjectWithTail::Make(std::move(object)));
  file.bytes = columnar::MakeRandomAccessFile(std::move(object));
  SLUICE_ASSIGN_OR_RETURN(const std::string bytes, ReadFooter(file));
  auto footer = ParseParquetFooter(bytes);
  if (!footer) return Fail(std::move(footer).error().Within(file.name));
  file.schema = std::make_shared<const SchemaNode>(std::move(footer->root));
  file.calendar = ReadFileCalendar(footer->key_values);
  return GuardParquet(file.name, [&]() -> Result<ParquetFile> {
    file.metadata = parquet::FileMetaData::Make(footer->plain.data(),
                                                static_cast<int64_t>(footer->plain.size()));
    SLUICE_RETURN_IF_ERROR(RequireFewRows(file));
    return std::move(file);
  });
}

BoundedPool::Handle MakeDecodingPool(const ParquetFile& file, int64_t most_bytes) {
  constexpr int64_t kTerabyte = int64_t{1} << 40;
  const int64_t bytes = std::min(file.bytes->GetSize().ValueOr(0), kTerabyte);
  return BoundedPool::Make(most_bytes + bytes * kMostBatchBytesPerByte);
}

Error DecodesToTooMuch(const ParquetFile& file, const BoundedPool& pool) {
  return {ErrorKind::kCorrupt,
          fmt::format("{}: a row or a page of its {} bytes decodes to more than {} bytes, the most "
                      "that sluice reads",
                      file.name, file.bytes->GetSize().ValueOr(0), pool.most()),
          "rewrite the file in the source"};
}

Result<ParquetStream> StreamParquet(const ParquetFile& file, const std::vector<int>& row_groups,
                                    const std::vector<int>& columns, int64_t batch_rows,
                                    BoundedPool::Handle pool) {
  return GuardParquet(file.name, [&]() -> Result<ParquetStream> {
    const int64_t buffer = ColumnBufferBytes(*file.metadata, row_groups, columns);
    ParquetStream stream;
    stream.pool = std::move(pool);
    auto raw = parquet::ParquetFileReader::Open(
        file.bytes, StreamingProperties(stream.pool.get(), buffer), file.metadata);
    parquet::ArrowReaderProperties properties(/*use_threads=*/false);
    properties.set_pre_buffer(false);
    properties.set_batch_size(batch_rows);
    properties.set_coerce_int96_timestamp_unit(arrow::TimeUnit::MICRO);
    SLUICE_ARROW_ASSIGN(
        stream.reader,
        parquet::arrow::FileReader::Make(stream.pool.get(), std::move(raw), properties), file.name);
    SLUICE_ARROW_ASSIGN(stream.batches, stream.reader->GetRecordBatchReader(row_groups, columns),
                        file.name);
    return stream;
  });
}

}  // namespace sluice::columnar
