#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// One `<version>.json` as listed.
struct CommitFile {
  Version version;
  int64_t size = 0;
  Timestamp modified;
  std::string etag{};  ///< "" where the store has none

  /// The same as long as nobody replaced the file.
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

/// One table's transaction log (PROTOCOL.md, "Delta Log Entries"), read through a store rooted at
/// the table's folder. Thread-safe; holds no state but the store. Nothing is ever written.
///
/// Errors name the table and the log file: kNotFound (no Delta table here), kCorrupt (bad JSON, a
/// hole in the log, a missing checkpoint part that is needed), kSourceGone (cleaned up by retention),
/// kUnsupported (feature named).
class Log {
 public:
  explicit Log(std::shared_ptr<store::ObjectStore> table_store);

  const store::ObjectStore& store() const { return *store_; }
  /// The whole log; with `from`, what lies before it may be left out.
  Result<LogListing> List(std::optional<Version> from = {}) const;
  /// What the snapshot at `at` (nullopt: the latest) needs: from a checkpoint <= `at`, where
  /// `_last_checkpoint` names one. Its hint only shortens the listing and chooses among several checkpoints of
  /// one version; a wrong, torn, oversized or missing one changes nothing else.
  Result<LogListing> ListForSnapshot(std::optional<Version> at = {}) const;
  /// The newest commit from `from` on, by one request wherever less than a thousand follow; nullopt where no
  /// commit is there. Shows whether a log went on since somebody looked, or was made anew.
  Result<std::optional<CommitFile>> FindNewest(Version from) const;
  Result<Commit> ReadCommit(Version version) const;
  /// The commit file's text, with the same errors for one that is not there. `size` as listed, if it was: what is
  /// too large to be a commit is not read.
  Result<std::string> ReadCommitText(Version version, int64_t size = 0) const;
  /// The commits (after, through], ascending; errors as RequireContiguous has them.
  Result<std::vector<Commit>> ReadCommits(Version after, Version through) const;
  /// kCorrupt for a hole inside the range, kSourceGone where its beginning was cleaned up,
  /// kNotFound when `last` is beyond the latest version.
  static Status RequireContiguous(const LogListing& listing, Version first, Version last,
                                  std::string_view table);

 private:
  std::shared_ptr<store::ObjectStore> store_;
};

/// kCorrupt where an object of the log, called `name`, is larger than `most` bytes.
Status RequireFits(int64_t size, int64_t most, std::string_view name);

/// kNotFound: nothing at `table` looks like a Delta log.
Error NoTable(std::string_view table);

}  // namespace sluice::delta
