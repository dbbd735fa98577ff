#include "sluice/transfer/row_router.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <algorithm>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/row_hash.h"

namespace sluice::transfer {
namespace {

/// A run shorter than this costs more to hand on by itself than to copy.
constexpr int64_t kLongRun = 64;
/// Fewer rows than this are not worth a batch of their own.
constexpr int64_t kSmallBatch = 4096;

constexpr const char* kContext = "rows of the window";

Result<std::shared_ptr<arrow::RecordBatch>> TakeRows(
    const std::shared_ptr<arrow::RecordBatch>& batch, const std::vector<uint32_t>& rows) {
  const auto indices = std::make_shared<arrow::UInt32Array>(static_cast<int64_t>(rows.size()),
                                                            arrow::Buffer::Wrap(rows));
  // The indices are ours and within bounds.
  SLUICE_ARROW_ASSIGN(
      const arrow::Datum taken,
      arrow::compute::Take(batch, indices, arrow::compute::TakeOptions::NoBoundsCheck()), kContext);
  return taken.record_batch();
}

/// Row numbers ordered by partition (stable), and where each partition's rows stand then.
std::vector<uint32_t> SortByPartition(const std::vector<int>& partitions, std::vector<Run>& runs) {
  const auto [low, high] = std::minmax_element(partitions.begin(), partitions.end());
  const int first = *low;
  std::vector<int64_t> begin(static_cast<size_t>(*high - first) + 2);
  for (const int partition : partitions) ++begin[static_cast<size_t>(partition - first) + 1];
  for (size_t i = 1; i < begin.size(); ++i) begin[i] += begin[i - 1];
  for (size_t i = 0; i + 1 < begin.size(); ++i) {
    const int64_t length = begin[i + 1] - begin[i];
    if (length > 0) runs.push_back({first + static_cast<int>(i), begin[i], length});
  }
  std::vector<uint32_t> rows(partitions.size());
  for (size_t row = 0; row < partitions.size(); ++row) {
    rows[static_cast<size_t>(begin[static_cast<size_t>(partitions[row] - first)]++)] =
        static_cast<uint32_t>(row);
  }
  return rows;
}

void Widen(std::optional<int64_t>& bound, int64_t value, bool down) {
  if (!bound || (down ? value < *bound : value > *bound)) bound = value;
}

}  // namespace

void RowTotals::Add(const RowTotals& other) {
  rows += other.rows;
  row_hash.Add(other.row_hash);
  if (other.watermark_min) Widen(watermark_min, *other.watermark_min, /*down=*/true);
  if (other.watermark_max) Widen(watermark_max, *other.watermark_max, /*down=*/false);
}

RowRouter::RowRouter(RouterOptions options, PartitionIndex& index, MemoryBudget& budget,
                     RowSink* sink)
    : options_(std::move(options)), lookup_(index), budget_(budget), sink_(sink) {}

Status RowRouter::Route(const std::shared_ptr<arrow::RecordBatch>& batch,
                        const arrow::TimestampArray& instants, const std::vector<uint8_t>* keep) {
  Pick(instants, keep);
  totals_.rows += picked_;
  if (picked_ == 0 || options_.count_only) return {};
  SLUICE_ARROW_ASSIGN(auto output, batch->SelectColumns(options_.output_columns), kContext);
  // Same columns; the schema of the output has no field metadata of the source.
  output = arrow::RecordBatch::Make(options_.output_schema, output->num_rows(), output->columns());
  const bool long_runs = static_cast<int64_t>(runs_.size()) * kLongRun <= picked_;
  const bool mostly_picked = picked_ >= kSmallBatch && picked_ * 2 >= output->num_rows();
  return long_runs && mostly_picked ? HandOnRuns(output) : Gather(output);
}

void RowRouter::Pick(const arrow::TimestampArray& instants, const std::vector<uint8_t>* keep) {
  runs_.clear();
  picked_ = 0;
  const int64_t* values = instants.raw_values();
  const bool no_nulls = instants.null_count() == 0;
  const int64_t start = options_.window.start.micros;
  const int64_t end = options_.window.end.micros;
  Run run;
  int64_t min = end, max = start;
  for (int64_t row = 0; row < instants.length(); ++row) {
    const int64_t t = values[row];
    if (t <= start || t > end || !(no_nulls || instants.IsValid(row))) continue;
    if (keep != nullptr && (*keep)[static_cast<size_t>(row)] == 0) continue;
    min = std::min(min, t);
    max = std::max(max, t);
    const int partition = lookup_.Find(t);
    if (partition == run.partition && run.offset + run.length == row) {
      ++run.length;
      continue;
    }
    if (run.length > 0) runs_.push_back(run);
    picked_ += run.length;
    run = {partition, row, 1};
  }
  if (run.length == 0) return;
  runs_.push_back(run);
  picked_ += run.length;
  Widen(totals_.watermark_min, min, /*down=*/true);
  Widen(totals_.watermark_max, max, /*down=*/false);
}

Status RowRouter::HandOnRuns(const std::shared_ptr<arrow::RecordBatch>& batch) {
  for (const Run& run : runs_) {
    SLUICE_ASSIGN_OR_RETURN(const RowHashSum sum,
                            columnar::SumRowHashes(*batch->Slice(run.offset, run.length)));
    totals_.row_hash.Add(sum);
  }
  return sink_->Add(std::make_shared<const StagedRows>(batch, MemoryOf(*batch), &budget_), runs_);
}

Status RowRouter::Gather(const std::shared_ptr<arrow::RecordBatch>& batch) {
  std::shared_ptr<arrow::RecordBatch> rows = batch;
  if (picked_ < batch->num_rows()) {
    std::vector<uint32_t> picked;
    picked.reserve(static_cast<size_t>(picked_));
    for (const Run& run : runs_) {
      for (int64_t i = 0; i < run.length; ++i) {
        picked.push_back(static_cast<uint32_t>(run.offset + i));
      }
    }
    SLUICE_ASSIGN_OR_RETURN(rows, TakeRows(batch, picked));
  }
  for (const Run& run : runs_) {
    gathered_partitions_.insert(gathered_partitions_.end(), static_cast<size_t>(run.length),
                                run.partition);
  }
  gathered_bytes_ += MemoryOf(*rows);
  gathered_.push_back(std::move(rows));
  return gathered_bytes_ >= options_.staging_bytes ? Drain() : Status();
}

Status RowRouter::Drain() {
  if (gathered_.empty()) return {};
  std::shared_ptr<arrow::RecordBatch> rows = gathered_.front();
  if (gathered_.size() > 1) {
    SLUICE_ARROW_ASSIGN(rows, arrow::ConcatenateRecordBatches(gathered_), kContext);
  }
  gathered_.clear();
  gathered_bytes_ = 0;
  std::vector<Run> runs;
  const std::vector<uint32_t> order = SortByPartition(gathered_partitions_, runs);
  gathered_partitions_.clear();
  if (runs.size() > 1) {
    SLUICE_ASSIGN_OR_RETURN(rows, TakeRows(rows, order));
  }
  SLUICE_ASSIGN_OR_RETURN(const RowHashSum sum, columnar::SumRowHashes(*rows));
  totals_.row_hash.Add(sum);
  const int64_t bytes = MemoryOf(*rows);
  auto staged = std::make_shared<const StagedRows>(std::move(rows), bytes, &budget_);
  return sink_->Add(std::move(staged), runs);
}

}  // namespace sluice::transfer
