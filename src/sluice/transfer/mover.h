#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "sluice/base/result.h"
#include "sluice/delta/log/log.h"
#include "sluice/plan/export_task.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/progress.h"
#include "sluice/transfer/transfer_result.h"

namespace sluice::transfer {

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
  /// Counts the rows of a task that reads late rows, without writing anything (`late_rows: report`).
  virtual Result<int64_t> CountLate(const plan::ExportTask& task,
                                    const runtime::CancelToken& cancel) = 0;
  /// kUnsupported, as Move finds it, where the watermark has values in the files of a window and none of them
  /// is a time. Reads no further than the first that is one.
  virtual Status RequireReadableWatermark(const plan::ExportTask& task,
                                          const runtime::CancelToken& cancel) = 0;
};

/// Decodes, filters, partitions and encodes. `source`: the log of the table, whose store holds its files.
std::unique_ptr<Mover> MakeMover(const delta::Log& source,
                                 std::shared_ptr<store::ObjectStore> destination,
                                 const TransferLimits& limits);

}  // namespace sluice::transfer
