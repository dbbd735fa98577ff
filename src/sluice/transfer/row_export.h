#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/plan/export_task.h"
#include "sluice/runtime/cancellation.h"
#include "sluice/store/object_store.h"
#include "sluice/transfer/feed_scan.h"
#include "sluice/transfer/file_scan.h"
#include "sluice/transfer/partition_index.h"
#include "sluice/transfer/partition_sink.h"
#include "sluice/transfer/row_projection.h"
#include "sluice/transfer/row_router.h"
#include "sluice/transfer/staged_rows.h"
#include "sluice/transfer/transfer_result.h"
#include "sluice/transfer/watermark_column.h"

namespace sluice::transfer {

/// Whether files are to be written, and what a batch may further be asked.
struct ExportPass {
  std::vector<ScanFile> files;
  plan::TimeWindow window;
  /// Files of partitions that no later row of this pass can reach are finished on the way.
  bool close_early = false;
  /// Clears keep[i] of rows to leave out; called by several threads at once. May be empty.
  std::function<Status(const arrow::RecordBatch& batch, const arrow::TimestampArray& instants,
                       std::vector<uint8_t>& keep)>
      filter;
};

/// The machinery of one Move: reads row groups with several threads and leads their rows through a
/// router each into the common sink. Its methods are called one after the other; each returns only when
/// its threads have ended, with the first error that any of them met.
class RowExport {
 public:
  struct Environment {
    std::shared_ptr<store::ObjectStore> source;
    std::shared_ptr<store::ObjectStore> destination;
    TransferLimits limits;
    delta::Log log;  ///< of `source`
  };
  /// Borrows all but the environment. `sink_options` nullptr: rows are only counted.
  RowExport(const plan::ExportTask& task, Environment environment, const SinkOptions* sink_options,
            Progress& progress, const runtime::CancelToken& cancel);
  /// Writes nothing: the rows, as `schema` has them, go to `visitor`.
  RowExport(const plan::ExportTask& task, Environment environment,
            std::shared_ptr<arrow::Schema> schema, RowSink& visitor, Progress& progress,
            const runtime::CancelToken& cancel);

  /// Reads the files of `pass` once and sends what the window and the filter leave to the sink.
  Status Export(ExportPass pass, const RowProjection& projection);
  /// Reads the changes of `range` once and sends all of them to the sink.
  Status ExportFeed(const delta::FeedRange& range);
  /// Finishes every file that is open.
  Status CloseAll();
  /// Where no row came, finishes one file without rows in the partition of a whole table.
  Status EnsureOneFile();
  /// Visits the batches of `files` that may hold rows of `window`, with their instants; several
  /// threads at once. Nothing is exported.
  using Visit = std::function<Status(const arrow::RecordBatch&, const arrow::TimestampArray&)>;
  Status Read(const std::vector<ScanFile>& files, plan::TimeWindow window,
              const RowProjection& projection, const Visit& visit);
  /// Physical rows of the row groups that Read() would visit.
  Result<int64_t> CountRows(const std::vector<ScanFile>& files, plan::TimeWindow window,
                            const RowProjection& projection);
  /// Counts the rows of `files` that have no watermark, reading only where footers can't tell.
  Status CountNulls(const std::vector<ScanFile>& files);

  /// kUnsupported where watermarks were counted and none of them is a time.
  Status RequireReadableWatermark() const;
  /// The same for all rows of `files`, reading no further than the first watermark that is a time.
  Status FindReadableWatermark(const std::vector<ScanFile>& files);

  /// Everything so far. Files are handed over.
  TransferResult TakeResult();
  /// Aborts what was uploaded, best effort.
  void Abort();

  PartitionIndex& index() { return index_; }
  int64_t buffer_bytes() const { return budget_.limit(); }
  int64_t peak_bytes() const { return budget_.peak(); }

 private:
  using UnitWork = std::function<Status(const ScanUnit&)>;
  using BatchWork = std::function<Status(const std::shared_ptr<arrow::RecordBatch>&,
                                         const arrow::TimestampArray&)>;

  /// `work` on every thread; the first error calls `stop_scan`, so that the others come to an end.
  Status ForEachWorker(const std::function<void()>& stop_scan, const std::function<Status()>& work);
  Status ExportUnits(const ExportPass& pass, const RowProjection& projection, FileScan& scan,
                     RowRouter& router);
  Result<std::shared_ptr<arrow::TimestampArray>> InstantsOf(const arrow::RecordBatch& batch,
                                                            const RowProjection& projection) const;
  Status ReadUnit(const ScanUnit& unit, const RowProjection& projection, const BatchWork& work);
  Status CountNullsOf(const ScanUnit& unit);
  Result<WatermarkCounts> CountUnit(const ScanUnit& unit, const RowProjection& projection);
  RouterOptions MakeRouterOptions(const plan::TimeWindow& window,
                                  std::vector<int> output_columns) const;
  Status ReadRowGroup(
      const delta::DataFile& data, int row_group,
      const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& work);
  Status ExportChanges(FeedScan& scan, RowRouter& router);

  const plan::ExportTask& task_;
  const Environment environment_;
  Progress& progress_;
  const runtime::CancelToken& cancel_;
  const WatermarkColumn watermark_;
  PartitionIndex index_;
  MemoryBudget budget_;
  std::unique_ptr<PartitionSink> sink_;  ///< null: nothing is written
  RowSink* rows_to_ = nullptr;           ///< null: count only
  std::shared_ptr<arrow::Schema> output_schema_;

  std::atomic<bool> stop_{false};  ///< a worker failed
  std::atomic<int64_t> feed_row_groups_{0};
  std::optional<Timestamp> newest_commit_;  ///< of the feed; set when its threads have ended
  mutable Mutex mutex_;
  RowTotals totals_ SLUICE_GUARDED_BY(mutex_);
  WatermarkCounts watermarks_ SLUICE_GUARDED_BY(mutex_);
  std::set<std::pair<const plan::SourceFile*, int>> row_groups_
      SLUICE_GUARDED_BY(mutex_);  ///< decoded
};

}  // namespace sluice::transfer
