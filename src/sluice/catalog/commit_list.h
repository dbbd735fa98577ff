#pragma once

#include <vector>

#include "sluice/base/result.h"
#include "sluice/catalog/json_answer.h"
#include "sluice/delta/log/staged_commits.h"

/// What a catalog says of a managed table's commits, checked: it decides which files are read.
namespace sluice::catalog {

/// The names of a commit's members: the two APIs spell them differently.
struct CommitKeys {
  const char *version, *timestamp, *file_name, *file_size, *file_modification_timestamp;
};
inline constexpr CommitKeys kDashedKeys{"version", "timestamp", "file-name", "file-size",
                                        "file-modification-timestamp"};
inline constexpr CommitKeys kUnderscoredKeys{"version", "timestamp", "file_name", "file_size",
                                             "file_modification_timestamp"};

/// The commits of `list`, an array or nullptr, in its order. kCorrupt where a member is missing or impossible, and
/// for a file name that is not "<20 digits of this version>.<uuid>.json": it must not lead elsewhere.
Result<std::vector<delta::StagedCommit>> ReadCommits(const Json* list, const CommitKeys& keys);

/// `commits`, in any order, as a chain that ends with `latest`. kCorrupt for a version that stands twice, for one above
/// `latest`, for a hole.
Result<delta::StagedCommits> ChainCommits(std::vector<delta::StagedCommit> commits, Version latest);

}  // namespace sluice::catalog
