#include "sluice/delta/log/ratified_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sluice/delta/log/log_path.h"

namespace sluice::delta {

const StagedCommit* FindStaged(const StagedCommits& staged, Version version) {
  if (version > staged.latest) return nullptr;
  const auto found = std::lower_bound(
      staged.commits.begin(), staged.commits.end(), version,
      [](const StagedCommit& commit, Version wanted) { return commit.version < wanted; });
  return found != staged.commits.end() && found->version == version ? &*found : nullptr;
}

CommitFile ToCommitFile(const StagedCommit& commit) {
  const int64_t size = commit.text ? static_cast<int64_t>(commit.text->size()) : commit.size;
  return CommitFile{commit.version, size, commit.committed, {}, /*ratified=*/true};
}

Status RequireSound(const StagedCommits& staged, std::string_view table) {
  const auto fail = [&](Version version, std::string_view what) -> Status {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{}: what the catalog says of version {} cannot be: {}", table,
                                  version.value, what),
                      "report it to whoever runs the catalog; nothing of the table was exported"});
  };
  if (staged.latest.value < 0) return fail(staged.latest, "it is the latest one");
  Version before{-1};
  for (const StagedCommit& commit : staged.commits) {
    if (commit.version <= before) return fail(commit.version, "it does not come after the others");
    before = commit.version;
    if (commit.text) continue;
    if (!IsStagedCommitName(commit.file_name, commit.version)) {
      return fail(commit.version,
                  fmt::format("'{}' is not the name of its commit file", commit.file_name));
    }
  }
  return {};
}

Status ApplyCatalog(const StagedCommits& staged, std::optional<Version> from,
                    std::string_view table, LogListing& listing) {
  const Version latest = staged.latest;
  std::erase_if(listing.checkpoints,
                [&](const CheckpointFile& file) { return file.version > latest; });
  std::erase_if(listing.compacted, [&](const CompactedFile& file) { return file.last > latest; });
  std::vector<CommitFile> commits;
  auto published = listing.commits.begin();
  const auto take_published_below = [&](Version version) {
    for (; published != listing.commits.end() && published->version < version; ++published) {
      published->ratified = true;
      commits.push_back(std::move(*published));
    }
  };
  for (const StagedCommit& commit : staged.commits) {
    if (commit.version > latest || (from && commit.version < *from)) continue;
    take_published_below(commit.version);
    if (published != listing.commits.end() && published->version == commit.version) ++published;
    commits.push_back(ToCommitFile(commit));
  }
  take_published_below(Next(latest));
  listing.commits = std::move(commits);
  if ((from && *from > latest) || listing.latest() >= latest) return {};
  const Version reaches = listing.latest();
  const std::string there =
      reaches.value >= 0
          ? fmt::format("the commits that it names and those in {} end at version {}", kLogFolder,
                        reaches.value)
          : fmt::format("neither it nor {} has a commit{}", kLogFolder,
                        from ? fmt::format(" from version {} on", from->value) : std::string());
  return Fail(Error{
      ErrorKind::kCorrupt,
      fmt::format("{}: the catalog says that version {} is the latest, but {}", table, latest.value,
                  there),
      "restore the missing files of _delta_log from a backup, or have the catalog corrected"});
}

}  // namespace sluice::delta
