#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <numeric>
#include <utility>

#include "sluice/transfer/row_export.h"

/// The part of RowExport that exports the change feed.
namespace sluice::transfer {
namespace {

/// How many columns the feed has behind those of the table.
constexpr size_t kFeedColumns = 3;
/// Of all memory, what rows may take that are matched because no feed tells how they changed.
constexpr int64_t kMatchShare = 4;

}  // namespace

Status RowExport::ExportFeed(const delta::FeedRange& range) {
  std::vector<delta::Field> fields = RowProjection::OfOutput(task_).columns().fields;
  fields.resize(fields.size() - kFeedColumns);
  FeedScan scan(environment_.log, range, fields, task_.partitioning.timezone,
                environment_.limits.memory_bytes / kMatchShare);
  SLUICE_RETURN_IF_ERROR(ForEachWorker([&scan] { scan.Stop(); },
                                       [&]() -> Status {
                                         std::vector<int> all(fields.size() + kFeedColumns);
                                         std::iota(all.begin(), all.end(), 0);
                                         RowRouter router(
                                             MakeRouterOptions(plan::kAllTime, std::move(all)),
                                             index_, budget_, rows_to_);
                                         SLUICE_RETURN_IF_ERROR(ExportChanges(scan, router));
                                         const MutexLock lock(mutex_);
                                         totals_.Add(router.totals());
                                         return {};
                                       }));
  newest_commit_ = scan.last_committed();
  return {};
}

Status RowExport::ExportChanges(FeedScan& scan, RowRouter& router) {
  int64_t exported = 0;
  while (true) {
    SLUICE_RETURN_IF_ERROR(cancel_.Check());
    SLUICE_ASSIGN_OR_RETURN(const auto unit, scan.Next());
    if (!unit) return router.Drain();
    ++feed_row_groups_;
    SLUICE_RETURN_IF_ERROR(ReadRowGroup(
        *unit->data, unit->row_group,
        [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
          progress_.rows_read += batch->num_rows();
          const auto& committed =
              static_cast<const arrow::TimestampArray&>(*batch->column(batch->num_columns() - 1));
          SLUICE_RETURN_IF_ERROR(router.Route(batch, committed, nullptr));
          progress_.rows_exported += router.totals().rows - exported;
          exported = router.totals().rows;
          return {};
        }));
  }
}

}  // namespace sluice::transfer
