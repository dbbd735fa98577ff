#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// One commit as listed: `<version>.json`, or what a catalog named instead.
struct CommitFile {
  Version version;
  int64_t size = 0;
  Timestamp modified;     ///< where a catalog named the commit: when it was committed
  std::string etag{};     ///< "" where the store has none
  bool ratified = false;  ///< a catalog, which manages the table, vouches for the version

  /// The same as long as nobody replaced the commit. One that a catalog ratified is never replaced, but its file
  /// is another one once it was published: only its size counts then.
  std::string Mark() const;
};

/// One checkpoint: a single file, which may be a v2 one with sidecars, or all parts of a multi-part one.
struct CheckpointFile {
  Version version;
  std::vector<store::Key> parts;
  int64_t size = 0;    ///< bytes, of a single file; sidecars aside
  bool named = false;  ///< a v2 checkpoint with a UUID in its name
};

/// One `<first>.<last>.compacted.json`: what the commits [first, last] come to.
struct CompactedFile {
  Version first, last;
  int64_t size = 0;
};

/// What lies in `_delta_log`: commits ascending by version, complete checkpoints ascending. Of several
/// checkpoints of one version the last is the one to begin with.
/// Gaps are possible here; a caller that needs a range asks RequireContiguous.
struct LogListing {
  std::vector<CommitFile> commits;
  std::vector<CheckpointFile> checkpoints;
  std::vector<CompactedFile> compacted;  ///< ascending by the first version
  bool from_start = true;  ///< false: earlier commits and checkpoints may have been left out
  Version latest() const;  ///< of commits and checkpoints; -1 when empty
};

}  // namespace sluice::delta
