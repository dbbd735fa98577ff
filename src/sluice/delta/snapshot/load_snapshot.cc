#include "sluice/delta/snapshot/load_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/commit_stream.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/snapshot/checkpoint_reader.h"
#include "sluice/delta/snapshot/log_replay.h"
#include "sluice/runtime/executor.h"

namespace sluice::delta {
namespace {

constexpr int kFetchThreads = 8;

struct ParsedCommit {
  Commit commit;
  std::vector<RawStatistics> stats;
};

Result<ParsedCommit> FetchCommit(const Log& log, Version version, const SnapshotOptions& options) {
  SLUICE_ASSIGN_OR_RETURN(const std::string text, log.ReadCommitText(version));
  ParsedCommit parsed;
  SLUICE_ASSIGN_OR_RETURN(parsed.commit,
                          ParseCommit(version, text, log.store().DisplayName(CommitKey(version))));
  if (!options.with_files) return parsed;
  for (AddFile& add : parsed.commit.adds) {
    parsed.stats.push_back(ExtractStatistics(add.stats, options.stats_columns));
    if (!options.with_raw_stats) add.stats = {};
  }
  return parsed;
}

// Replays `files`, newest first, a few at a time: their text is dropped before the next few, so that a log of
// any length fits in memory.
Status ReplayCommits(const Log& log, std::span<const CommitFile> files,
                     const SnapshotOptions& options, LogReplay& replay) {
  while (!files.empty()) {
    std::vector<ParsedCommit> block(CommitsAtOnceFromEnd(files));
    SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
        block.size(), kFetchThreads, runtime::CancelToken(), [&](size_t i) -> Status {
          const Version version = files[files.size() - 1 - i].version;
          SLUICE_ASSIGN_OR_RETURN(block[i], FetchCommit(log, version, options));
          return {};
        }));
    for (ParsedCommit& parsed : block) {
      replay.Take(std::move(parsed.commit), std::move(parsed.stats));
    }
    files = files.first(files.size() - block.size());
  }
  return {};
}

// The commits [first, last], which are all there.
std::span<const CommitFile> CommitsBetween(const LogListing& listing, Version first, Version last) {
  const auto begin = std::lower_bound(
      listing.commits.begin(), listing.commits.end(), first,
      [](const CommitFile& file, Version version) { return file.version < version; });
  const auto end = std::upper_bound(
      begin, listing.commits.end(), last,
      [](Version version, const CommitFile& file) { return version < file.version; });
  return {begin, end};
}

const CommitFile* FindCommit(const LogListing& listing, Version version) {
  const auto found =
      std::lower_bound(listing.commits.begin(), listing.commits.end(), version,
                       [](const CommitFile& file, Version v) { return file.version < v; });
  return found != listing.commits.end() && found->version == version ? &*found : nullptr;
}

// PROTOCOL.md, "Recommendations for Readers of Tables with In-Commit Timestamps": the commit's own
// time where the table keeps it, else the modification time of the file.
Result<Timestamp> CommittedAt(const Log& log, const LogListing& listing, Version version,
                              const Metadata& metadata) {
  const CommitFile* const file = FindCommit(listing, version);
  if (file != nullptr && PropertiesOf(metadata).in_commit_timestamps) {
    SLUICE_ASSIGN_OR_RETURN(const std::string text, log.ReadCommitText(version));
    SLUICE_ASSIGN_OR_RETURN(
        const Commit commit,
        ParseCommit(version, text, log.store().DisplayName(CommitKey(version))));
    if (commit.info && commit.info->in_commit_timestamp) {
      return Timestamp{*commit.info->in_commit_timestamp * 1000};
    }
  }
  if (file != nullptr) return file->modified;
  // The commit was cleaned up and only its checkpoint stayed.
  const auto info = log.store().Head(CheckpointKey(version));
  return info ? info->modified : Timestamp{};
}

// From `base` (or from version 0) to `target`.
Result<Snapshot> BuildFrom(const Log& log, const LogListing& listing, const CheckpointFile* base,
                           Version target, const SnapshotOptions& options) {
  const std::string table = log.store().DisplayName("");
  const Version first = base != nullptr ? Next(base->version) : Version{0};
  auto contiguous = Log::RequireContiguous(listing, first, target, table);
  if (!contiguous) {
    Error error = std::move(contiguous).error();
    // Cleaning up takes whole beginnings; behind a checkpoint a missing commit is a hole.
    if (base != nullptr && error.kind == ErrorKind::kSourceGone) {
      error = Error{ErrorKind::kCorrupt,
                    fmt::format("{}: commits between checkpoint {} and version {} are missing from "
                                "the log",
                                table, base->version.value, target.value),
                    "restore the missing files of _delta_log from a backup"};
    }
    return Fail(std::move(error));
  }
  LogReplay replay(options, table);
  SLUICE_RETURN_IF_ERROR(
      ReplayCommits(log, CommitsBetween(listing, first, target), options, replay));
  std::optional<CheckpointReader> checkpoint;
  if (base != nullptr) {
    SLUICE_ASSIGN_OR_RETURN(checkpoint, CheckpointReader::Open(log.store(), *base));
    SLUICE_RETURN_IF_ERROR(checkpoint->ReadTableState(replay));
  }
  SLUICE_RETURN_IF_ERROR(replay.ResolveTable(table));
  if (checkpoint && options.with_files) {
    SLUICE_RETURN_IF_ERROR(checkpoint->ReadFiles(options, replay));
  }
  Snapshot snapshot = std::move(replay).Finish();
  snapshot.version = target;
  if (base != nullptr) snapshot.checkpoint = base->version;
  SLUICE_ASSIGN_OR_RETURN(snapshot.committed, CommittedAt(log, listing, target, snapshot.metadata));
  return snapshot;
}

// Failures that another way to the same snapshot may not meet.
bool IsDamage(ErrorKind kind) {
  return kind == ErrorKind::kCorrupt || kind == ErrorKind::kNotFound || kind == ErrorKind::kStorage;
}

Result<Snapshot> BuildWithoutCheckpoint(const Log& log, const LogListing& listing, Version target,
                                        const SnapshotOptions& options) {
  auto snapshot = BuildFrom(log, listing, nullptr, target, options);
  if (snapshot || snapshot.error().kind != ErrorKind::kSourceGone || listing.checkpoints.empty()) {
    return snapshot;
  }
  const Version readable = listing.checkpoints.front().version;
  if (readable <= target) return snapshot;
  Error error = std::move(snapshot).error();
  error.message = fmt::format("{}: version {} was cleaned up; the first that can be read is {}",
                              log.store().DisplayName(""), target.value, readable.value);
  return Fail(std::move(error));
}

// The newest checkpoint first, then older ones, then commits alone; the first failure is the one
// worth telling.
Result<Snapshot> BuildAny(const Log& log, const LogListing& listing,
                          const SnapshotOptions& options) {
  if (listing.latest().value < 0) {
    return Fail(NoTable(log.store().DisplayName("")));
  }
  const Version target = options.at.value_or(listing.latest());
  std::optional<Error> first_failure;
  if (target <= listing.latest()) {
    for (size_t i = listing.checkpoints.size(); i-- > 0;) {
      const CheckpointFile& checkpoint = listing.checkpoints[i];
      if (checkpoint.version > target) continue;
      auto snapshot = BuildFrom(log, listing, &checkpoint, target, options);
      if (snapshot || !IsDamage(snapshot.error().kind)) return snapshot;
      if (!first_failure) first_failure = std::move(snapshot).error();
    }
  }
  auto snapshot = BuildWithoutCheckpoint(log, listing, target, options);
  if (snapshot || !first_failure) return snapshot;
  const ErrorKind kind = snapshot.error().kind;
  if (!IsDamage(kind) && kind != ErrorKind::kSourceGone) return snapshot;
  return Fail(*std::move(first_failure));
}

}  // namespace

Result<Snapshot> LoadSnapshot(const Log& log, const SnapshotOptions& options) {
  if (options.at && options.at->value < 0) {
    return Fail(ErrorKind::kNotFound, "{} has no version {}", log.store().DisplayName(""),
                options.at->value);
  }
  SLUICE_ASSIGN_OR_RETURN(LogListing listing, log.ListForSnapshot(options.at));
  auto snapshot = BuildAny(log, listing, options);
  if (snapshot || listing.from_start || !IsDamage(snapshot.error().kind)) return snapshot;
  SLUICE_ASSIGN_OR_RETURN(listing, log.List());
  return BuildAny(log, listing, options);
}

}  // namespace sluice::delta
