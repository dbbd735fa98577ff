#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/base/result.h"
#include "sluice/base/types.h"

namespace sluice::verify {

/// Rows and the order-independent sum of their hashes.
struct RowTotal {
  int64_t rows = 0;
  RowHashSum hash;
  bool operator==(const RowTotal&) const = default;
  void Add(const RowTotal& other);
};

/// Totals of one side by partition. Thread-safe.
class RowTotals {
 public:
  Status Add(const arrow::RecordBatch& rows, const std::string& partition);
  RowTotal All() const;
  std::map<std::string, RowTotal> ByPartition() const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, RowTotal> totals_ SLUICE_GUARDED_BY(mutex_);
};

/// One side of a comparison: shows every row of it, with its partition, to `visit`; several threads at once.
using RowVisit = std::function<Status(const arrow::RecordBatch&, const std::string& partition)>;
using RowSide = std::function<Status(const RowVisit& visit)>;

/// A few rows of `partition` that one of two sides has more often than the other, as text: "only at the
/// destination: {id: 7, ...}". Reads both sides again, as often as the memory asks; for when they are known to differ.
Result<std::vector<std::string>> FindDifferingRows(const RowSide& destination,
                                                   const RowSide& source,
                                                   const std::string& partition,
                                                   int64_t memory_bytes);

}  // namespace sluice::verify
