#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/columnar/row_hash.h"
#include "sluice/plan/export_task.h"

/// How rows that a commit merely rewrote are distinguished from rows that it brought. Pure.
namespace sluice::transfer {

/// A row of a commit, by value.
struct HashedRow {
  columnar::RowHash hash;  ///< over all columns of the source
  int64_t watermark = 0;   ///< micros
};

/// The added rows that are no new ones, as a multiset of hashes: those that were removed as well
/// and, by kByRowThenWatermark, of the others with the watermark of a removed one as many as were
/// removed. Which of several rows with one watermark these are depends on the rows alone, not on the
/// order in which they are given.
std::vector<columnar::RowHash> FindRewritten(std::vector<HashedRow> added,
                                             std::vector<HashedRow> removed, plan::CancelRule rule);

/// A multiset of rows to leave out. Thread-safe.
class DropSet {
 public:
  explicit DropSet(std::vector<columnar::RowHash> rows);
  /// Clears keep[i] and takes the row out of the set, for each kept row that is in it.
  void Apply(const std::vector<columnar::RowHash>& rows, std::vector<uint8_t>& keep);

 private:
  Mutex mutex_;
  std::vector<columnar::RowHash> rows_;                   ///< ascending, each once; constant
  std::vector<uint32_t> left_ SLUICE_GUARDED_BY(mutex_);  ///< how often
};

}  // namespace sluice::transfer
