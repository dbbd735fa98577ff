#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/commit_authority.h"
#include "sluice/delta/log/log_listing.h"
#include "sluice/delta/log/staged_commits.h"
#include "sluice/store/object_store.h"

namespace sluice::delta {

/// One table's transaction log (PROTOCOL.md, "Delta Log Entries"), read through a store rooted at
/// the table's folder. Thread-safe; holds no state but the store and the catalog's one answer. Nothing is ever
/// written.
///
/// Of a table that a catalog manages, the catalog's commits stand over those in the folder, and versions beyond its
/// latest do not exist (ratified_log.h). The staged file of a commit may be gone by the time it is read, because it
/// was published: then the published one is read.
///
/// Errors name the table and the log file: kNotFound (no Delta table here), kCorrupt (bad JSON, a
/// hole in the log, a missing checkpoint part that is needed), kSourceGone (cleaned up by retention),
/// kUnsupported (feature named).
class Log {
 public:
  /// `authority`: kLog or kLogByName.
  explicit Log(std::shared_ptr<store::ObjectStore> table_store,
               CommitAuthority authority = CommitAuthority::kLog);
  /// Of a table that a catalog manages; `staged` must be sound (RequireSound).
  Log(std::shared_ptr<store::ObjectStore> table_store, StagedCommits staged);

  const store::ObjectStore& store() const { return *store_; }
  const std::shared_ptr<store::ObjectStore>& shared_store() const { return store_; }
  CommitAuthority authority() const { return authority_; }
  /// The latest version of a table that a catalog manages; nullopt where no catalog says.
  std::optional<Version> ratified_latest() const;
  /// How errors and people call the commit of `version`.
  std::string NameOf(Version version) const;
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
  /// What later commits of that version can be compared with, byte by byte; nullopt where it is not there, or not
  /// any more, or came from the catalog without a file: that text need not be spelled as the file will be.
  Result<std::optional<std::string>> FindCommitFile(Version version) const;
  /// The commits (after, through], ascending; errors as RequireContiguous has them.
  Result<std::vector<Commit>> ReadCommits(Version after, Version through) const;
  /// kCorrupt for a hole inside the range, kSourceGone where its beginning was cleaned up,
  /// kNotFound when `last` is beyond the latest version.
  static Status RequireContiguous(const LogListing& listing, Version first, Version last,
                                  std::string_view table);

 private:
  Result<LogListing> ListFrom(std::optional<Version> from) const;
  /// kNotFound where no file of that version lies in the folder.
  Result<std::string> Fetch(Version version) const;

  std::shared_ptr<store::ObjectStore> store_;
  CommitAuthority authority_;
  std::shared_ptr<const StagedCommits> staged_;  ///< null where no catalog manages the table
};

/// kCorrupt where an object of the log, called `name`, is larger than `most` bytes.
Status RequireFits(int64_t size, int64_t most, std::string_view name);

/// kNotFound: nothing at `table` looks like a Delta log.
Error NoTable(std::string_view table);

}  // namespace sluice::delta
