#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/log.h"

namespace sluice::delta {

/// Makes a Commit of a commit file's text; `name` is for errors. Called by several threads at once.
using CommitReader =
    std::function<Result<Commit>(Version version, std::string_view text, std::string_view name)>;

/// All that the change feed needs of a commit: ParseCommit without the adds' statistics.
Result<Commit> ReadFileActions(Version version, std::string_view text, std::string_view name);
/// Only `metaData` (its schema unresolved) and `protocol`; other actions are not even parsed.
Result<Commit> ReadTableActions(Version version, std::string_view text, std::string_view name);

/// How many of the last files of `sizes` are read at once: a few, so that their latency overlaps, but not more
/// bytes than a moderate number, so that they fit in memory; at least one.
size_t AtOnceFromEnd(std::span<const int64_t> sizes);

/// Reads commits and calls `visit` for each, in the order of `files`, from the calling thread. A
/// few are fetched at once so that their latency overlaps, bounded in number and in bytes, and
/// dropped when visited: memory does not grow with their number. `visit` returning false ends it
/// early.
Status VisitCommits(const Log& log, std::span<const CommitFile> files, const CommitReader& read,
                    const std::function<Result<bool>(Commit)>& visit);

}  // namespace sluice::delta
