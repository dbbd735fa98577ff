#include "sluice/delta/commit_times.h"

#include <algorithm>

namespace sluice::delta {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

// Whole milliseconds, towards the past before 1970 as well.
int64_t FloorMillis(Timestamp t) {
  const int64_t millis = t.micros / kMicrosPerMilli;
  return t.micros % kMicrosPerMilli < 0 ? millis - 1 : millis;
}

}  // namespace

CommitTimes::CommitTimes(const LogListing& listing, Version first, Version last) : first_(first) {
  std::optional<int64_t> before;
  for (const CommitFile& commit : listing.commits) {
    if (commit.version.value < first.value - kVersionsBefore) continue;
    if (commit.version > last) break;
    int64_t time = FloorMillis(commit.modified);
    if (before) time = std::max(time, *before + 1);
    before = time;
    if (commit.version < first) continue;
    file_times_.resize(static_cast<size_t>(commit.version.value - first.value + 1));
    file_times_.back() = time;
  }
}

Timestamp CommitTimes::Of(Version version, const std::optional<CommitInfo>& info) const {
  if (info && info->in_commit_timestamp) {
    return Timestamp{*info->in_commit_timestamp * kMicrosPerMilli};
  }
  return Timestamp{file_times_.at(static_cast<size_t>(version.value - first_.value)) *
                   kMicrosPerMilli};
}

}  // namespace sluice::delta
