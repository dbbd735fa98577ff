#pragma once

#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/bounded_pool.h"
#include "sluice/columnar/file_schema.h"
#include "sluice/columnar/legacy_calendar.h"
#include "sluice/store/object_store.h"

namespace sluice::columnar {

/// A Parquet object whose footer has been read. Thread-safe: every reading makes its own FileReader.
struct ParquetFile {
  std::string name;  ///< for messages
  std::shared_ptr<arrow::io::RandomAccessFile> bytes;
  std::shared_ptr<parquet::FileMetaData> metadata;  ///< of the plain footer: without annotations
  std::shared_ptr<const SchemaNode> schema;         ///< with them
  FileCalendar calendar;
};

/// kNotFound if the object is not there, kCorrupt if it is not Parquet, kUnsupported if it is encrypted.
Result<ParquetFile> OpenParquet(const store::ObjectStore& store, const store::Key& key);
/// The same for an object that is open already; `name` is what messages call it.
Result<ParquetFile> OpenParquet(std::string name, std::unique_ptr<store::ObjectReader> object);

/// Room for what a batch of `file`'s rows and their pages may decode to: `most_bytes`, and so much for each byte of it.
BoundedPool::Handle MakeDecodingPool(const ParquetFile& file, int64_t most_bytes);
/// Where more was asked for than that.
Error DecodesToTooMuch(const ParquetFile& file, const BoundedPool& pool);

/// Streams the leaf columns `columns` of `row_groups` in batches of at most `batch_rows` rows, which
/// `reader` may be told to change on the way, decoded in `pool`. Most callers want ReadRowGroup().
/// The stream keeps `file`'s bytes alive; `reader` must outlive it.
struct ParquetStream {
  BoundedPool::Handle pool;  ///< of all that the stream decodes: Mark() it before each batch
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::unique_ptr<arrow::RecordBatchReader> batches;
};
Result<ParquetStream> StreamParquet(const ParquetFile& file, const std::vector<int>& row_groups,
                                    const std::vector<int>& columns, int64_t batch_rows,
                                    BoundedPool::Handle pool);

/// Runs `work`, which calls Parquet's own code, and turns what it throws into an Error about `name`.
template <typename Work>
auto GuardParquet(const std::string& name, Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const parquet::ParquetStatusException& e) {
    return Fail(FromArrow(e.status(), name));
  } catch (const std::bad_alloc&) {
    return Fail(ErrorKind::kCorrupt, "{}: asks for more memory than there is", name);
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kCorrupt, "{}: {}", name, e.what());
  }
}

}  // namespace sluice::columnar
