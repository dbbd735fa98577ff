#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>

#include "sluice/base/result.h"
#include "sluice/store/object_store.h"

namespace sluice::columnar {

enum class Codec { kNone, kSnappy, kGzip, kLz4, kZstd };

/// How exported files are encoded. Nothing but the given schema's columns enters the file: no Arrow
/// schema, no key-value metadata of the source.
struct EncoderOptions {
  Codec codec = Codec::kZstd;
  /// timestamp[us, UTC] columns as INT96 (`timestamps: source`); timestamp_ntz stays INT64 either way.
  bool int96_timestamps = false;
  int64_t row_group_rows = 1 << 20;  ///< at most
  /// At which a column's dictionary is given up; building it takes up to twelve times as much.
  int64_t dictionary_bytes = 1 << 20;
};

/// Encodes record batches into one Parquet file inside an upload whose completion is withheld.
/// Physical types as Spark writes them: decimals up to 18 digits as integers, 3-level lists,
/// timestamps INT64 micros adjusted to UTC. Not thread-safe.
class ParquetEncoder {
 public:
  /// Borrows `upload`, which must outlive the encoder.
  static Result<std::unique_ptr<ParquetEncoder>> Open(store::UploadWriter* upload,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      const EncoderOptions& options);
  virtual ~ParquetEncoder() = default;
  /// Writes the table as one or more whole row groups.
  virtual Status WriteRowGroups(const arrow::Table& table) = 0;
  virtual int64_t rows() const = 0;
  /// Bytes handed to the upload so far.
  virtual int64_t bytes() const = 0;
  /// Writes the footer. The upload is still to be finished by its owner.
  virtual Status Close() = 0;
};

/// kUnsupported, naming the column and its type, if Parquet as Spark reads it can't hold `schema`.
Status CheckEncodable(const arrow::Schema& schema);

}  // namespace sluice::columnar
