#include "sluice/transfer/row_export.h"

#include <arrow/array.h>
#include <arrow/array/util.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/runtime/executor.h"

namespace sluice::transfer {
namespace {

/// A quarter of the memory holds rows that wait; the rest is for what is being decoded, sorted and
/// encoded, and for what the allocator has not given back yet.
constexpr int64_t kBufferShare = 4;
constexpr int64_t kStagingShare = 16;
constexpr int64_t kBatchShare = 32;
constexpr int64_t kMaxStagingBytes = int64_t{32} << 20;
constexpr int64_t kMaxBatchRows = 1 << 16;
/// Row groups whose rows may be gathered before they are handed on.
constexpr size_t kMaxUndone = 64;
/// Finishing files is waiting for the store more than work.
constexpr int kFinishThreads = 8;

/// No instant lies inside.
constexpr plan::TimeWindow kNoWindow{Timestamp{std::numeric_limits<int64_t>::max()},
                                     Timestamp{std::numeric_limits<int64_t>::min()}};

delta::Field WatermarkOrNone(const plan::ExportTask& task) {
  const delta::Field* watermark = plan::WatermarkOf(task);
  return watermark == nullptr ? delta::Field{} : *watermark;
}

Error Stopped() {
  return Error{ErrorKind::kCancelled, "stopped because another part of the transfer failed", {}};
}

/// Nothing where the task has no watermark.
WatermarkCounts CountsOf(const arrow::RecordBatch& batch, const arrow::TimestampArray& instants,
                         const RowProjection& projection) {
  if (projection.watermark() < 0) return {};
  return CountWatermarks(*batch.column(projection.watermark()), instants);
}

}  // namespace

RowExport::RowExport(const plan::ExportTask& task, Environment environment,
                     const SinkOptions* sink_options, Progress& progress,
                     const runtime::CancelToken& cancel)
    : task_(task),
      environment_(std::move(environment)),
      progress_(progress),
      cancel_(cancel),
      watermark_(WatermarkOrNone(task), task.partitioning.timezone),
      index_(task.partitioning),
      budget_(std::max<int64_t>(environment_.limits.memory_bytes / kBufferShare, 1)) {
  if (sink_options == nullptr) return;
  output_schema_ = sink_options->schema;
  sink_ = std::make_unique<PartitionSink>(*environment_.destination, index_, budget_, *sink_options,
                                          progress_);
  rows_to_ = sink_.get();
}

RowExport::RowExport(const plan::ExportTask& task, Environment environment,
                     std::shared_ptr<arrow::Schema> schema, RowSink& visitor, Progress& progress,
                     const runtime::CancelToken& cancel)
    : RowExport(task, std::move(environment), nullptr, progress, cancel) {
  output_schema_ = std::move(schema);
  rows_to_ = &visitor;
}

RouterOptions RowExport::MakeRouterOptions(const plan::TimeWindow& window,
                                           std::vector<int> output_columns) const {
  const TransferLimits& limits = environment_.limits;
  RouterOptions options;
  options.window = window;
  options.output_schema = output_schema_;
  options.output_columns = std::move(output_columns);
  options.staging_bytes = std::min(
      kMaxStagingBytes, limits.memory_bytes / (kStagingShare * std::max(1, limits.threads)));
  options.count_only = rows_to_ == nullptr;
  return options;
}

Status RowExport::ForEachWorker(const std::function<void()>& stop_scan,
                                const std::function<Status()>& work) {
  std::mutex mutex;
  std::optional<Error> first;
  stop_ = false;
  const int threads = std::max(1, environment_.limits.threads);
  Status status =
      runtime::ParallelFor(static_cast<size_t>(threads), threads, cancel_, [&](size_t) -> Status {
        Status done = Fail(ErrorKind::kInternal, "unexpected exception while reading");
        try {
          done = work();
        } catch (const std::exception& e) {
          done = Fail(ErrorKind::kInternal, "unexpected exception while reading: {}", e.what());
        }
        if (done) return done;
        const std::lock_guard lock(mutex);
        if (!first) first = done.error();
        stop_ = true;
        stop_scan();
        return done;
      });
  if (first) return Fail(*std::move(first));
  return status;
}

Result<std::shared_ptr<arrow::TimestampArray>> RowExport::InstantsOf(
    const arrow::RecordBatch& batch, const RowProjection& projection) const {
  if (projection.watermark() >= 0) {
    return watermark_.ToInstants(batch.column(projection.watermark()));
  }
  // Rows of a whole table all go to one folder: any instant will do.
  SLUICE_ARROW_ASSIGN(
      const std::shared_ptr<arrow::Array> same,
      arrow::MakeArrayFromScalar(arrow::TimestampScalar(0, arrow::TimeUnit::MICRO, "UTC"),
                                 batch.num_rows()),
      "rows of a snapshot");
  return std::static_pointer_cast<arrow::TimestampArray>(same);
}

Status RowExport::ReadRowGroup(
    const delta::DataFile& data, int row_group,
    const std::function<Status(const std::shared_ptr<arrow::RecordBatch>&)>& work) {
  const TransferLimits& limits = environment_.limits;
  const columnar::BatchLimit limit(
      kMaxBatchRows, limits.memory_bytes / (kBatchShare * std::max(1, limits.threads)));
  return data.ReadRowGroup(row_group, limit,
                           [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
                             SLUICE_RETURN_IF_ERROR(cancel_.Check());
                             if (stop_) return Fail(Stopped());
                             return work(batch);
                           });
}

Status RowExport::ReadUnit(const ScanUnit& unit, const RowProjection& projection,
                           const BatchWork& work) {
  return ReadRowGroup(
      *unit.data, unit.row_group, [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
        SLUICE_ASSIGN_OR_RETURN(const auto instants, InstantsOf(*batch, projection));
        return work(batch, *instants);
      });
}

Status RowExport::Export(ExportPass pass, const RowProjection& projection) {
  FileScan scan(environment_.source, std::move(pass.files), projection.columns(), watermark_,
                pass.window, progress_);
  const Status status =
      ForEachWorker([&scan] { scan.Stop(); },
                    [&]() -> Status {
                      RowRouter router(MakeRouterOptions(pass.window, projection.output()), index_,
                                       budget_, rows_to_);
                      SLUICE_RETURN_IF_ERROR(ExportUnits(pass, projection, scan, router));
                      const MutexLock lock(mutex_);
                      totals_.Add(router.totals());
                      return {};
                    });
  const MutexLock lock(mutex_);
  watermarks_.nulls += scan.skipped_nulls();
  return status;
}

Status RowExport::ExportUnits(const ExportPass& pass, const RowProjection& projection,
                              FileScan& scan, RowRouter& router) {
  std::vector<ScanUnit> undone;
  std::vector<uint8_t> keep;
  int64_t exported = 0;
  const auto settle = [&](bool all) -> Status {
    if (all || undone.size() >= kMaxUndone) SLUICE_RETURN_IF_ERROR(router.Drain());
    if (!router.empty()) return {};
    for (const ScanUnit& unit : undone) scan.Done(unit);
    undone.clear();
    if (!pass.close_early || sink_ == nullptr) return {};
    const int64_t low = scan.LowWatermark();
    return low == std::numeric_limits<int64_t>::max() ? Status() : sink_->CloseBefore(low);
  };
  while (true) {
    SLUICE_RETURN_IF_ERROR(cancel_.Check());
    SLUICE_ASSIGN_OR_RETURN(auto unit, scan.Next());
    if (!unit) break;
    if (unit->nulls_only) {
      SLUICE_RETURN_IF_ERROR(CountNullsOf(*unit));
      scan.Done(*unit);
      continue;
    }
    WatermarkCounts counts;
    SLUICE_RETURN_IF_ERROR(ReadUnit(*unit, projection,
                                    [&](const std::shared_ptr<arrow::RecordBatch>& batch,
                                        const arrow::TimestampArray& instants) -> Status {
                                      if (unit->file.count_nulls) {
                                        progress_.rows_read += batch->num_rows();
                                        counts.Add(CountsOf(*batch, instants, projection));
                                      }
                                      if (pass.filter) {
                                        keep.assign(static_cast<size_t>(batch->num_rows()), 1);
                                        SLUICE_RETURN_IF_ERROR(pass.filter(*batch, instants, keep));
                                      }
                                      SLUICE_RETURN_IF_ERROR(router.Route(
                                          batch, instants, pass.filter ? &keep : nullptr));
                                      progress_.rows_exported += router.totals().rows - exported;
                                      exported = router.totals().rows;
                                      return {};
                                    }));
    {
      const MutexLock lock(mutex_);
      row_groups_.emplace(unit->file.source, unit->row_group);
      watermarks_.Add(counts);
    }
    undone.push_back(*std::move(unit));
    SLUICE_RETURN_IF_ERROR(settle(/*all=*/false));
  }
  return settle(/*all=*/true);
}

Status RowExport::EnsureOneFile() {
  if (sink_ == nullptr) return {};
  return sink_->EnsureOneFile(index_.SpanOf(Timestamp{}).partition);
}

Status RowExport::CloseAll() {
  if (sink_ == nullptr) return {};
  return sink_->CloseAll(std::max(kFinishThreads, environment_.limits.threads), cancel_);
}

Status RowExport::Read(const std::vector<ScanFile>& files, plan::TimeWindow window,
                       const RowProjection& projection, const Visit& visit) {
  FileScan scan(environment_.source, files, projection.columns(), watermark_, window, progress_);
  return ForEachWorker(
      [&scan] { scan.Stop(); },
      [&]() -> Status {
        while (true) {
          SLUICE_RETURN_IF_ERROR(cancel_.Check());
          SLUICE_ASSIGN_OR_RETURN(const auto unit, scan.Next());
          if (!unit) return {};
          SLUICE_RETURN_IF_ERROR(ReadUnit(
              *unit, projection,
              [&](const std::shared_ptr<arrow::RecordBatch>& batch,
                  const arrow::TimestampArray& instants) { return visit(*batch, instants); }));
          scan.Done(*unit);
        }
      });
}

Result<int64_t> RowExport::CountRows(const std::vector<ScanFile>& files, plan::TimeWindow window,
                                     const RowProjection& projection) {
  std::atomic<int64_t> rows{0};
  FileScan scan(environment_.source, files, projection.columns(), watermark_, window, progress_);
  SLUICE_RETURN_IF_ERROR(ForEachWorker([&scan] { scan.Stop(); },
                                       [&]() -> Status {
                                         while (true) {
                                           SLUICE_RETURN_IF_ERROR(cancel_.Check());
                                           SLUICE_ASSIGN_OR_RETURN(const auto unit, scan.Next());
                                           if (!unit) return {};
                                           rows += unit->data->row_group_rows(unit->row_group);
                                           scan.Done(*unit);
                                         }
                                       }));
  return rows.load();
}

Status RowExport::CountNullsOf(const ScanUnit& unit) {
  const RowProjection projection = RowProjection::OfWatermark(task_);
  ScanUnit narrow = unit;
  const plan::SourceFile& file = *unit.file.source;
  SLUICE_ASSIGN_OR_RETURN(
      narrow.data, delta::DataFile::Open(environment_.source, file.path, file.partition_values,
                                         file.deletion_vector, projection.columns()));
  SLUICE_ASSIGN_OR_RETURN(const WatermarkCounts counts, CountUnit(narrow, projection));
  const MutexLock lock(mutex_);
  watermarks_.Add(counts);
  return {};
}

Result<WatermarkCounts> RowExport::CountUnit(const ScanUnit& unit,
                                             const RowProjection& projection) {
  WatermarkCounts counts;
  SLUICE_RETURN_IF_ERROR(ReadUnit(unit, projection,
                                  [&](const std::shared_ptr<arrow::RecordBatch>& batch,
                                      const arrow::TimestampArray& instants) -> Status {
                                    counts.Add(CountsOf(*batch, instants, projection));
                                    return {};
                                  }));
  return counts;
}

Status RowExport::CountNulls(const std::vector<ScanFile>& files) {
  const RowProjection projection = RowProjection::OfWatermark(task_);
  Progress unseen;  // the plan does not foresee these rows
  FileScan scan(environment_.source, files, projection.columns(), watermark_, kNoWindow, unseen);
  const Status status =
      ForEachWorker([&scan] { scan.Stop(); },
                    [&]() -> Status {
                      while (true) {
                        SLUICE_RETURN_IF_ERROR(cancel_.Check());
                        SLUICE_ASSIGN_OR_RETURN(const auto unit, scan.Next());
                        if (!unit) return {};
                        SLUICE_ASSIGN_OR_RETURN(const auto counts, CountUnit(*unit, projection));
                        scan.Done(*unit);
                        const MutexLock lock(mutex_);
                        watermarks_.Add(counts);
                      }
                    });
  const MutexLock lock(mutex_);
  watermarks_.nulls += scan.skipped_nulls();
  return status;
}

Status RowExport::RequireReadableWatermark() const {
  const MutexLock lock(mutex_);
  return RequireReadable(watermarks_, watermark_.field());
}

Status RowExport::FindReadableWatermark(const std::vector<ScanFile>& files) {
  const RowProjection projection = RowProjection::OfWatermark(task_);
  FileScan scan(environment_.source, files, projection.columns(), watermark_, plan::kAllTime,
                progress_);
  SLUICE_RETURN_IF_ERROR(ForEachWorker([&scan] { scan.Stop(); },
                                       [&]() -> Status {
                                         while (true) {
                                           SLUICE_RETURN_IF_ERROR(cancel_.Check());
                                           SLUICE_ASSIGN_OR_RETURN(const auto unit, scan.Next());
                                           if (!unit) return {};
                                           SLUICE_ASSIGN_OR_RETURN(const auto counts,
                                                                   CountUnit(*unit, projection));
                                           scan.Done(*unit);
                                           if (counts.readable > 0) scan.Stop();
                                           const MutexLock lock(mutex_);
                                           watermarks_.Add(counts);
                                         }
                                       }));
  return RequireReadableWatermark();
}

TransferResult RowExport::TakeResult() {
  TransferResult result;
  if (sink_ != nullptr) result.files = sink_->TakeFiles();
  for (const ExportedFile& file : result.files) result.bytes += file.upload.size;
  const MutexLock lock(mutex_);
  result.rows = totals_.rows;
  result.row_hash = totals_.row_hash;
  result.null_watermarks = watermarks_.nulls;
  result.unreadable_watermarks = watermarks_.unreadable;
  if (const auto* window = std::get_if<plan::WindowRead>(&task_.read)) {
    result.null_watermarks += window->known_null_watermarks;
  }
  result.row_groups_rewritten = static_cast<int64_t>(row_groups_.size()) + feed_row_groups_;
  result.newest_commit = newest_commit_;
  if (std::holds_alternative<plan::WholeTableRead>(task_.read)) return result;
  if (totals_.watermark_min) result.watermark_min = Timestamp{*totals_.watermark_min};
  if (totals_.watermark_max) result.watermark_max = Timestamp{*totals_.watermark_max};
  return result;
}

void RowExport::Abort() {
  if (sink_ != nullptr) sink_->Abort();
}

}  // namespace sluice::transfer
