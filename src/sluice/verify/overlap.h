#pragma once

#include <cstdint>
#include <vector>

#include "sluice/ledger/records.h"

/// Whether two exports hold the same rows. Pure.
namespace sluice::verify {

/// Two windows of one table that both are in force and share (start, end]: its rows lie there twice.
struct Overlap {
  int64_t earlier = 0, later = 0;  ///< exports
  ledger::Bound start, end;
  ledger::Bound from, to;  ///< (from, to] holds both windows
  /// The reset between the two, by `state set` or `state forget`, that asked for it; 0: none did, which is
  /// a fault.
  int64_t reset = 0;
};

/// Every pair, ordered by `later`, then `earlier`. `manifests`: all that are neither void nor replaced,
/// ascending by n, resets and seeds included. Late rows are identified by their commits and overlap with nothing;
/// nor do windows without a row, or windows behind a seed with those of before it was made.
std::vector<Overlap> FindOverlaps(const std::vector<ledger::Manifest>& manifests);

}  // namespace sluice::verify
