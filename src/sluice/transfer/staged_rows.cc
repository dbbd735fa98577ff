#include "sluice/transfer/staged_rows.h"

#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <utility>

namespace sluice::transfer {

void MemoryBudget::Charge(int64_t bytes) {
  const int64_t now = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peak_.load(std::memory_order_relaxed);
  while (now > peak && !peak_.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
  }
}

StagedRows::StagedRows(std::shared_ptr<arrow::RecordBatch> batch, int64_t bytes,
                       MemoryBudget* budget)
    : batch_(std::move(batch)), bytes_(bytes), budget_(budget) {
  budget_->Charge(bytes_);
}

int64_t MemoryOf(const arrow::RecordBatch& batch) {
  // Array, its data and its buffers as objects, a column.
  constexpr int64_t kColumnOverhead = 512;
  const auto referenced = arrow::util::ReferencedBufferSize(batch);
  const int64_t bytes = referenced.ok() ? *referenced : arrow::util::TotalBufferSize(batch);
  return bytes + kColumnOverhead * batch.num_columns();
}

}  // namespace sluice::transfer
