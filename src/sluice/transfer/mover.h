#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"
#include "sluice/plan/export_task.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/progress.h"

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
  RowHashSum row_hash;               ///< of the exported rows, columns as in the files
  int64_t null_watermarks = 0;       ///< rows of the source version whose watermark is NULL
  int64_t row_groups_rewritten = 0;  ///< source row groups that were decoded
  /// Of the exported rows: their watermarks, or the timestamps of their commits.
  std::optional<Timestamp> watermark_min, watermark_max;
  std::optional<Timestamp> newest_commit;  ///< change feed: when its last version was committed
};

struct TransferLimits {
  int64_t memory_bytes = int64_t{1} << 30;
  int threads = 2;
  int max_open_files = 256;
};

/// Moves the rows of one task into withheld uploads. Uploads of a failed or cancelled Move are
/// aborted before it returns, best effort. Thread-safe.
///
/// Errors: kSourceGone (a data file is not there any more), kCorrupt, kUnsupported (types), kStorage
/// (disk full), kCancelled, kTransient, each naming the file.
class Mover {
 public:
  virtual ~Mover() = default;
  virtual Result<TransferResult> Move(const plan::ExportTask& task, Progress& progress,
                                      const runtime::CancelToken& cancel) = 0;
  /// Some rows of a task, as its files hold them, and the partition that they belong to.
  using RowVisit =
      std::function<Status(const arrow::RecordBatch& rows, const std::string& partition)>;
  /// Gives the rows that Move would write to `visit`, which several threads call at once, and writes nothing.
  /// The result has their number and hash, and no files.
  virtual Result<TransferResult> Visit(const plan::ExportTask& task, const RowVisit& visit,
                                       const runtime::CancelToken& cancel) = 0;
  /// Counts the late rows of `task.late` without writing anything (`late_rows: report`).
  virtual Result<int64_t> CountLate(const plan::ExportTask& task,
                                    const runtime::CancelToken& cancel) = 0;
};

/// Decodes, filters, partitions and encodes. `source` is rooted at the table's folder.
std::unique_ptr<Mover> MakeMover(std::shared_ptr<store::ObjectStore> source,
                                 std::shared_ptr<store::ObjectStore> destination,
                                 const TransferLimits& limits);

}  // namespace sluice::transfer
