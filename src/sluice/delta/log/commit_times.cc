#include "sluice/delta/log/commit_times.h"

#include <algorithm>
#include <utility>

namespace sluice::delta {
namespace {

constexpr int64_t kMicrosPerMilli = 1000;

// Whole milliseconds, towards the past before 1970 as well.
int64_t FloorMillis(Timestamp t) {
  const int64_t millis = t.micros / kMicrosPerMilli;
  return t.micros % kMicrosPerMilli < 0 ? millis - 1 : millis;
}

}  // namespace

CommitTimes::CommitTimes(std::vector<FileTime> files, Version first)
    : files_(std::move(files)), first_(first) {
  std::optional<int64_t> before;
  for (const FileTime& file : files_) {
    int64_t time = file.modified;
    if (before) time = std::max(time, *before + 1);
    before = time;
    if (file.version < first) continue;
    file_times_.resize(static_cast<size_t>(file.version.value - first.value + 1));
    file_times_.back() = time;
  }
}

CommitTimes::CommitTimes(const LogListing& listing, Version first, Version last) {
  std::vector<FileTime> files;
  for (const CommitFile& commit : listing.commits) {
    if (commit.version.value < first.value - kVersionsBefore || commit.version > last) continue;
    files.push_back({commit.version, FloorMillis(commit.modified)});
  }
  *this = CommitTimes(std::move(files), first);
}

CommitTimes CommitTimes::Part(Version first, Version last) const {
  std::vector<FileTime> files;
  for (const FileTime& file : files_) {
    if (file.version.value < first.value - kVersionsBefore || file.version > last) continue;
    files.push_back(file);
  }
  return {std::move(files), first};
}

Timestamp CommitTimes::Of(Version version, const std::optional<CommitInfo>& info) const {
  if (info && info->in_commit_timestamp) {
    return Timestamp{*info->in_commit_timestamp * kMicrosPerMilli};
  }
  return Timestamp{file_times_.at(static_cast<size_t>(version.value - first_.value)) *
                   kMicrosPerMilli};
}

}  // namespace sluice::delta
