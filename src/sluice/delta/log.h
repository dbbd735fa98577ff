#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/actions.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// One `<version>.json` as listed.
struct CommitFile {
  Version version;
  int64_t size = 0;
  Timestamp modified;
};

/// One complete classic checkpoint: single-file, or all parts of a multi-part one.
struct CheckpointFile {
  Version version;
  std::vector<store::Key> parts;
};

/// What lies in `_delta_log`: commits ascending by version, complete checkpoints ascending.
/// Gaps are possible here; whoever needs a range asks RequireContiguous.
struct LogListing {
  std::vector<CommitFile> commits;
  std::vector<CheckpointFile> checkpoints;
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
  /// `_last_checkpoint` only shortens the listing; a wrong or missing one changes nothing.
  /// With `from`, commits before it may be left out.
  Result<LogListing> List(std::optional<Version> from = {}) const;
  Result<Commit> ReadCommit(Version version) const;
  /// kCorrupt for a hole inside the range, kSourceGone where its beginning was cleaned up,
  /// kNotFound when `last` is beyond the latest version.
  static Status RequireContiguous(const LogListing& listing, Version first, Version last,
                                  std::string_view table);

 private:
  std::shared_ptr<store::ObjectStore> store_;
};

/// Parses one commit file's text; `name` is used in errors.
Result<Commit> ParseCommit(Version version, std::string_view text, std::string_view name);

}  // namespace sluice::delta
