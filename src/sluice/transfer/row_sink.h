#pragma once

#include <memory>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/transfer/staged_rows.h"

namespace sluice::transfer {

/// Where the rows of an export go once each one's partition is known. Thread-safe.
class RowSink {
 public:
  virtual ~RowSink() = default;
  /// Takes the rows of `runs` in. The caller keeps no other pointer to `rows`: it would hold their memory.
  virtual Status Add(std::shared_ptr<const StagedRows> rows, const std::vector<Run>& runs) = 0;
};

}  // namespace sluice::transfer
