#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/log.h"

namespace sluice::delta {

/// When the versions of a range were committed, as Spark says in `_commit_timestamp`: the commit's
/// in-commit timestamp where it has one (PROTOCOL.md, "In-Commit Timestamps"), else the
/// modification time of its file, made to ascend: t[v] = max(modified[v], t[v-1] + 1 ms), in whole
/// milliseconds. `commitInfo.timestamp`, the writer's clock, never counts. Value type.
class CommitTimes {
 public:
  /// The chain begins this many versions before a range, so that a range says what Spark says of
  /// it.
  static constexpr int64_t kVersionsBefore = 100;

  CommitTimes() = default;
  /// For [first, last]; `listing` must hold what there is from first - kVersionsBefore on.
  CommitTimes(const LogListing& listing, Version first, Version last);

  /// Of a part of the range, as of a range of its own: its chain begins before its first version.
  CommitTimes Part(Version first, Version last) const;

  /// `version` must lie in the range and its commit in the listing.
  Timestamp Of(Version version, const std::optional<CommitInfo>& info) const;

 private:
  struct FileTime {
    Version version;
    int64_t modified = 0;  ///< ms since the epoch
  };
  CommitTimes(std::vector<FileTime> files, Version first);

  std::vector<FileTime> files_;  ///< of the range and of what its chain begins with, ascending
  Version first_;
  std::vector<int64_t> file_times_;  ///< ms since the epoch, of first_ and what follows
};

}  // namespace sluice::delta
