#include "sluice/transfer/late_rows.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sluice::transfer {
namespace {

bool ByHash(const HashedRow& a, const HashedRow& b) { return a.hash < b.hash; }

bool ByWatermark(const HashedRow& a, const HashedRow& b) {
  return std::tie(a.watermark, a.hash) < std::tie(b.watermark, b.hash);
}

}  // namespace

std::vector<columnar::RowHash> FindRewritten(std::vector<HashedRow> added,
                                             std::vector<HashedRow> removed,
                                             plan::CancelRule rule) {
  std::vector<columnar::RowHash> rewritten;
  if (rule == plan::CancelRule::kByRow) {
    // Dropping a hash that was not added drops nothing.
    rewritten.reserve(removed.size());
    for (const HashedRow& row : removed) rewritten.push_back(row.hash);
    return rewritten;
  }
  std::sort(added.begin(), added.end(), ByHash);
  std::sort(removed.begin(), removed.end(), ByHash);
  std::vector<HashedRow> only_added, only_removed;
  std::set_difference(added.begin(), added.end(), removed.begin(), removed.end(),
                      std::back_inserter(only_added), ByHash);
  std::set_difference(removed.begin(), removed.end(), added.begin(), added.end(),
                      std::back_inserter(only_removed), ByHash);
  for (const HashedRow& row : removed) rewritten.push_back(row.hash);
  std::sort(only_added.begin(), only_added.end(), ByWatermark);
  std::sort(only_removed.begin(), only_removed.end(), ByWatermark);
  auto gone = only_removed.begin();
  for (const HashedRow& row : only_added) {
    while (gone != only_removed.end() && gone->watermark < row.watermark) ++gone;
    if (gone == only_removed.end()) break;
    if (gone->watermark != row.watermark) continue;
    rewritten.push_back(row.hash);
    ++gone;
  }
  return rewritten;
}

DropSet::DropSet(std::vector<columnar::RowHash> rows) : rows_(std::move(rows)) {
  std::sort(rows_.begin(), rows_.end());
  size_t distinct = 0;
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (distinct > 0 && rows_[i] == rows_[distinct - 1]) {
      ++left_.back();
      continue;
    }
    rows_[distinct++] = rows_[i];
    left_.push_back(1);
  }
  rows_.resize(distinct);
}

void DropSet::Apply(const std::vector<columnar::RowHash>& rows, std::vector<uint8_t>& keep) {
  const MutexLock lock(mutex_);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (keep[i] == 0) continue;
    const auto found = std::lower_bound(rows_.begin(), rows_.end(), rows[i]);
    if (found == rows_.end() || *found != rows[i]) continue;
    uint32_t& left = left_[static_cast<size_t>(found - rows_.begin())];
    if (left == 0) continue;
    --left;
    keep[i] = 0;
  }
}

}  // namespace sluice::transfer
