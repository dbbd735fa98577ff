#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::delta {

/// Rows of a file by their place in it: a bit a row, and nothing for the 65,536 rows around where none is in.
class RowSet {
 public:
  void Add(int64_t row) {
    const auto block = static_cast<size_t>(row / kBlockRows);
    if (block >= blocks_.size()) blocks_.resize(block + 1);
    if (!blocks_[block]) blocks_[block] = std::make_unique<Block>();
    const int64_t bit = row % kBlockRows;
    (*blocks_[block])[static_cast<size_t>(bit / 64)] |= uint64_t{1} << (bit % 64);
    ++size_;
  }
  bool Has(int64_t row) const {
    const auto block = static_cast<size_t>(row / kBlockRows);
    if (block >= blocks_.size() || !blocks_[block]) return false;
    const int64_t bit = row % kBlockRows;
    return ((*blocks_[block])[static_cast<size_t>(bit / 64)] >> (bit % 64) & 1) != 0;
  }
  /// How many were added, each once.
  int64_t size() const { return size_; }

 private:
  static constexpr int64_t kBlockRows = int64_t{1} << 16;
  using Block = std::array<uint64_t, kBlockRows / 64>;

  std::vector<std::unique_ptr<Block>> blocks_;
  int64_t size_ = 0;
};

/// What a commit did to rows of a file that it added or removed, where it is not merely that.
struct RowFates {
  RowSet copied;   ///< stand unchanged on both sides: no change
  RowSet updated;  ///< stand on both sides, changed
};

}  // namespace sluice::delta
