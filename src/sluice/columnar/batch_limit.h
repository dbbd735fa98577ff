#pragma once

#include <cstdint>

#include "sluice/columnar/parquet_limits.h"

namespace sluice::columnar {

/// How much of a row group may be decoded at one time.
struct BatchLimit {
  BatchLimit(int64_t rows, int64_t bytes = int64_t{16} << 20)  // NOLINT: a number of rows will do
      : most_rows(rows), wanted_bytes(bytes) {}
  int64_t most_rows;
  /// Of the decoded columns, about: a batch has as many rows as fill it, and one at least.
  int64_t wanted_bytes;
  /// Beyond which a batch, with the pages that it comes from, is refused; a large file may take more.
  int64_t most_bytes = kMostBatchBytes;
};

}  // namespace sluice::columnar
