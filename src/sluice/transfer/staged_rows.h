#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::transfer {

/// How many bytes of decoded rows wait to be encoded, against what is allowed. Charging never blocks:
/// a thread that puts too much in makes room afterwards (PartitionSink::MakeRoom), so that no thread
/// ever waits with unsubmitted rows in its hands. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t limit_bytes) : limit_(limit_bytes) {}
  int64_t limit() const { return limit_; }
  int64_t used() const { return used_.load(std::memory_order_relaxed); }
  int64_t peak() const { return peak_.load(std::memory_order_relaxed); }
  bool exceeded() const { return used() > limit_; }
  void Charge(int64_t bytes);
  void Release(int64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> used_{0};
  std::atomic<int64_t> peak_{0};
};

/// Rows [offset, offset + length) of a batch, all of one partition.
struct Run {
  int partition = -1;
  int64_t offset = 0;
  int64_t length = 0;
};

/// A batch of output rows that partitions share by pieces; charged to the budget for as long as the
/// last piece lives. Immutable.
class StagedRows {
 public:
  /// `budget` outlives it. `bytes`: what the batch occupies.
  StagedRows(std::shared_ptr<arrow::RecordBatch> batch, int64_t bytes, MemoryBudget* budget);
  ~StagedRows() { budget_->Release(bytes_); }
  StagedRows(const StagedRows&) = delete;
  StagedRows& operator=(const StagedRows&) = delete;

  const std::shared_ptr<arrow::RecordBatch>& batch() const { return batch_; }
  int64_t bytes() const { return bytes_; }

 private:
  const std::shared_ptr<arrow::RecordBatch> batch_;
  const int64_t bytes_;
  MemoryBudget* const budget_;
};

/// One partition's share of a staged batch.
struct Piece {
  std::shared_ptr<const StagedRows> rows;
  int64_t offset = 0;
  int64_t length = 0;
};

/// Bytes of memory that `batch` occupies, its objects included.
int64_t MemoryOf(const arrow::RecordBatch& batch);

}  // namespace sluice::transfer
