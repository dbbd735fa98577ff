#pragma once

#include <optional>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/log_listing.h"
#include "sluice/delta/log/staged_commits.h"

/// What a log's folder shows and what the catalog says of it, brought together (PROTOCOL.md, "Reading
/// Catalog-managed Tables"). Pure.
namespace sluice::delta {

/// The commit of `version` that the catalog named; nullptr where it named none.
const StagedCommit* FindStaged(const StagedCommits& staged, Version version);

/// A catalog's commit as a listing shows it.
CommitFile ToCommitFile(const StagedCommit& commit);

/// kCorrupt, naming `table`, where the versions do not ascend or a file's name is not that of its version: what
/// the catalog names is read from the table's own folder, and from nowhere else.
Status RequireSound(const StagedCommits& staged, std::string_view table);

/// Makes of a listing that begins at `from` (nullopt: at the beginning) what the catalog says it is: its commits in
/// place of those that lie published under the same versions, and nothing beyond its latest version.
///
/// kCorrupt where the log ends before that version. Not kTransient: a commit is published before the catalog
/// forgets its staged file, and the catalog was asked before the folder was listed, so waiting brings nothing.
Status ApplyCatalog(const StagedCommits& staged, std::optional<Version> from,
                    std::string_view table, LogListing& listing);

}  // namespace sluice::delta
