#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/plan/export_task.h"
#include "sluice/transfer/partition_index.h"
#include "sluice/transfer/row_sink.h"
#include "sluice/transfer/staged_rows.h"

namespace sluice::transfer {

/// What went by, summed up.
struct RowTotals {
  int64_t rows = 0;                                     ///< inside the window and not dropped
  RowHashSum row_hash;                                  ///< of `rows`, over the output columns
  std::optional<int64_t> watermark_min, watermark_max;  ///< of `rows`, micros
  void Add(const RowTotals& other);
};

struct RouterOptions {
  plan::TimeWindow window;
  std::shared_ptr<arrow::Schema> output_schema;
  std::vector<int> output_columns;  ///< in the batches, in the order of output_schema
  int64_t staging_bytes = 0;        ///< how much is gathered before it is sorted by partition
  bool count_only = false;          ///< nothing is handed on and no hash taken
};

/// One thread's way from decoded batches to partitions: picks the rows of the window and sorts them by
/// partition. Batches whose rows stand in long runs of one partition go on without a copy; others
/// are gathered until sorting them pays. Borrows index, budget and sink. Not thread-safe.
class RowRouter {
 public:
  RowRouter(RouterOptions options, PartitionIndex& index, MemoryBudget& budget, RowSink* sink);

  /// `instants` has one value a row of `batch`; rows whose `keep` is 0 are dropped (nullptr: none).
  Status Route(const std::shared_ptr<arrow::RecordBatch>& batch,
               const arrow::TimestampArray& instants, const std::vector<uint8_t>* keep);
  /// Hands on what is gathered.
  Status Drain();
  bool empty() const { return gathered_.empty(); }

  const RowTotals& totals() const { return totals_; }

 private:
  void Pick(const arrow::TimestampArray& instants, const std::vector<uint8_t>* keep);
  Status HandOnRuns(const std::shared_ptr<arrow::RecordBatch>& batch);
  Status Gather(const std::shared_ptr<arrow::RecordBatch>& batch);

  const RouterOptions options_;
  PartitionLookup lookup_;
  MemoryBudget& budget_;
  RowSink* const sink_;
  RowTotals totals_;

  std::vector<Run> runs_;  ///< of the batch at hand
  int64_t picked_ = 0;     ///< rows in them
  std::vector<std::shared_ptr<arrow::RecordBatch>> gathered_;
  std::vector<int> gathered_partitions_;  ///< one a gathered row
  int64_t gathered_bytes_ = 0;
};

}  // namespace sluice::transfer
