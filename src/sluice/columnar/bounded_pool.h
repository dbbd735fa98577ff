#pragma once

#include <arrow/memory_pool.h>

#include <atomic>
#include <cstdint>
#include <memory>

namespace sluice::columnar {

/// Memory for decoding, of which only so much may be added at one time: a few bytes of a file can ask for any number.
/// What it gave may outlive its owner's handle; it goes with the last of both. Thread-safe.
class BoundedPool : public arrow::MemoryPool {
 public:
  struct LetGo {
    void operator()(BoundedPool* pool) const { pool->Drop(); }
  };
  using Handle = std::unique_ptr<BoundedPool, LetGo>;

  /// `most`: bytes that may be held more than at the last Mark().
  static Handle Make(int64_t most) { return Handle(new BoundedPool(most)); }

  void Mark();
  /// True if more was asked for since the last Mark().
  bool refused() const { return refused_; }
  int64_t most() const { return most_; }

  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;
  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override;
  arrow::Status Reallocate(int64_t old_size, int64_t new_size, int64_t alignment,
                           uint8_t** ptr) override;
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override;
  int64_t bytes_allocated() const override { return held_; }
  int64_t max_memory() const override { return below_.max_memory(); }
  int64_t total_bytes_allocated() const override { return below_.total_bytes_allocated(); }
  int64_t num_allocations() const override { return below_.num_allocations(); }
  std::string backend_name() const override { return below_.backend_name(); }

 private:
  explicit BoundedPool(int64_t most) : most_(most) {}
  ~BoundedPool() override = default;
  arrow::Status RequireRoom(int64_t more);
  void Drop();

  arrow::MemoryPool& below_ = *arrow::default_memory_pool();
  const int64_t most_;
  std::atomic<int64_t> held_{0}, marked_{0};
  std::atomic<int64_t> users_{1};  ///< the handle and what was allocated
  std::atomic<bool> refused_{false};
};

}  // namespace sluice::columnar
