#pragma once

#include <cstdint>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/ledger/records.h"

/// What a range that is exported by hand takes the place of. Pure.
namespace sluice::plan {

/// (from, to], in the table's own terms: micros (append) or versions (cdc).
struct Range {
  int64_t from = 0, to = 0;
  bool operator==(const Range&) const = default;
};

/// An earlier export that is exported again, and where its rows lie.
struct ReplacedExport {
  int64_t n = 0;
  Range rows;
};

struct Replacement {
  std::vector<ReplacedExport>
      exports;  ///< ascending by n; empty: nothing of the range was exported before
  /// What was asked for, grown to hold each of `exports` whole: their other rows would be lost.
  Range range;
  Version newest_source{-1};  ///< the newest version that one of `exports` was made from
};

/// The exports in force that hold rows of `asked`. `decisions`: all that there are, ascending by n.
Replacement FindReplacement(const std::vector<ledger::Decision>& decisions, Range asked);

}  // namespace sluice::plan
