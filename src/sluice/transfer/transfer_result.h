#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

/// What a transfer may use and what it gives.
namespace sluice::transfer {

/// One file of an export: durable at the destination, not yet visible.
struct ExportedFile {
  store::PendingUpload upload;
  int64_t rows = 0;
  std::string partition;  ///< "dt=2026-01-31/hr=09"
};

struct TransferResult {
  std::vector<ExportedFile> files;  ///< ordered by key
  int64_t rows = 0;
  int64_t bytes = 0;
  RowHashSum row_hash;                ///< of the exported rows, columns as in the files
  int64_t null_watermarks = 0;        ///< rows of the source version whose watermark is NULL
  int64_t unreadable_watermarks = 0;  ///< rows of it whose watermark is a value that is not a time
  int64_t row_groups_rewritten = 0;   ///< source row groups that were decoded
  /// Of the exported rows: their watermarks, or the timestamps of their commits.
  std::optional<Timestamp> watermark_min, watermark_max;
  std::optional<Timestamp> newest_commit;  ///< change feed: when its last version was committed
};

struct TransferLimits {
  int64_t memory_bytes = int64_t{1} << 30;
  int threads = 2;
  int max_open_files = 256;
};

}  // namespace sluice::transfer
