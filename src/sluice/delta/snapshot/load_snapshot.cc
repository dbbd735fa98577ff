#include "sluice/delta/snapshot/load_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "sluice/delta/log/commit_parser.h"
#include "sluice/delta/log/commit_stream.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/table_feature.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/schema/physical_column.h"
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

// A commit, or a compacted log that stands for several.
struct ReplayFile {
  Version first, last;
  int64_t size = 0;
  bool compacted() const { return first != last; }
};

Result<std::string> ReadText(const Log& log, const ReplayFile& file) {
  if (!file.compacted()) return log.ReadCommitText(file.last, file.size);
  const store::Key key = CompactedKey(file.first, file.last);
  SLUICE_RETURN_IF_ERROR(RequireFits(file.size, kMostCommitBytes, log.store().DisplayName(key)));
  return log.store().Get(key);
}

// `stats_names`: of the columns whose statistics are wanted, as files call them.
Result<ParsedCommit> FetchCommit(const Log& log, const ReplayFile& file,
                                 const SnapshotOptions& options,
                                 const std::vector<std::string>& stats_names) {
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ReadText(log, file));
  const std::string name = file.compacted()
                               ? log.store().DisplayName(CompactedKey(file.first, file.last))
                               : log.NameOf(file.last);
  ParsedCommit parsed;
  SLUICE_ASSIGN_OR_RETURN(parsed.commit, ParseCommit(file.last, text, name));
  if (!options.with_files) return parsed;
  for (AddFile& add : parsed.commit.adds) {
    parsed.stats.push_back(ReadStatistics(add.stats, stats_names));
    if (!options.with_actions) add.stats = {};
  }
  return parsed;
}

// Replays `files`, newest first, a few at a time: their text is dropped before the next few, so that a log of
// any length fits in memory.
Status ReplayFiles(const Log& log, std::span<const ReplayFile> files,
                   const SnapshotOptions& options, const std::vector<std::string>& stats_names,
                   LogReplay& replay) {
  std::vector<int64_t> sizes;
  for (const ReplayFile& file : files) sizes.push_back(file.size);
  while (!files.empty()) {
    std::vector<ParsedCommit> block(AtOnceFromEnd(std::span(sizes).first(files.size())));
    SLUICE_RETURN_IF_ERROR(runtime::ParallelFor(
        block.size(), kFetchThreads, runtime::CancelToken(), [&](size_t i) -> Status {
          SLUICE_ASSIGN_OR_RETURN(
              block[i], FetchCommit(log, files[files.size() - 1 - i], options, stats_names));
          return {};
        }));
    for (ParsedCommit& parsed : block) {
      replay.Take(std::move(parsed.commit), std::move(parsed.stats));
    }
    files = files.first(files.size() - block.size());
  }
  return {};
}

// What [first, last] is replayed from, ascending: its commits, which are all there, or from where one begins the
// longest compacted log that ends within the range (PROTOCOL.md, "Log Compaction Files").
std::vector<ReplayFile> FilesOf(const LogListing& listing, Version first, Version last,
                                bool use_compacted) {
  std::vector<ReplayFile> files;
  auto compacted = listing.compacted.begin();
  Version due = first;
  for (const CommitFile& commit : listing.commits) {
    if (commit.version > last) break;
    if (commit.version < due) continue;
    ReplayFile file{commit.version, commit.version, commit.size};
    for (; compacted != listing.compacted.end() && compacted->first <= due; ++compacted) {
      if (!use_compacted || compacted->first != due || compacted->last > last) continue;
      if (compacted->last > file.last) file = {due, compacted->last, compacted->size};
    }
    files.push_back(file);
    due = Next(file.last);
  }
  return files;
}

const CommitFile* FindCommit(const LogListing& listing, Version version) {
  const auto found =
      std::lower_bound(listing.commits.begin(), listing.commits.end(), version,
                       [](const CommitFile& file, Version v) { return file.version < v; });
  return found != listing.commits.end() && found->version == version ? &*found : nullptr;
}

// PROTOCOL.md, "Recommendations for Readers of Tables with In-Commit Timestamps": the commit's own
// time where the table keeps it, as every one does that a catalog manages, else the modification time of the file.
Result<Timestamp> CommittedAt(const Log& log, const LogListing& listing, Version version,
                              const Metadata& metadata, const CheckpointFile* base) {
  const CommitFile* const file = FindCommit(listing, version);
  const bool keeps_times =
      PropertiesOf(metadata).in_commit_timestamps || log.authority() == CommitAuthority::kCatalog;
  if (file != nullptr && keeps_times) {
    SLUICE_ASSIGN_OR_RETURN(const std::string text, log.ReadCommitText(version, file->size));
    SLUICE_ASSIGN_OR_RETURN(const Commit commit, ParseCommit(version, text, log.NameOf(version)));
    if (commit.info && commit.info->in_commit_timestamp) {
      return Timestamp{*commit.info->in_commit_timestamp * 1000};
    }
  }
  if (file != nullptr) return file->modified;
  // The commit was cleaned up and only its checkpoint stayed.
  if (base == nullptr || base->version != version) return Timestamp{};
  const auto info = log.store().Head(base->parts[0]);
  return info ? info->modified : Timestamp{};
}

// Failures that another way to the same snapshot may not meet.
bool IsDamage(ErrorKind kind) {
  return kind == ErrorKind::kCorrupt || kind == ErrorKind::kNotFound || kind == ErrorKind::kStorage;
}

// The commits between `base` (or version 0) and `target` must all be there.
Status RequireCommits(const Log& log, const LogListing& listing, const CheckpointFile* base,
                      Version target) {
  const std::string table = log.store().DisplayName("");
  const Version first = base != nullptr ? Next(base->version) : Version{0};
  auto contiguous = Log::RequireContiguous(listing, first, target, table);
  if (contiguous || base == nullptr || contiguous.error().kind != ErrorKind::kSourceGone) {
    return contiguous;
  }
  // Cleaning up takes whole beginnings; behind a checkpoint a missing commit is a hole.
  return Fail(
      Error{ErrorKind::kCorrupt,
            fmt::format("{}: commits between checkpoint {} and version {} are missing from the log",
                        table, base->version.value, target.value),
            "restore the missing files of _delta_log from a backup"});
}

// The names of options.stats_columns in files, by an older metadata: a guess that the replay corrects.
std::vector<std::string> StatisticsNames(const SnapshotOptions& options, Metadata metadata) {
  if (options.stats_columns.empty() || !ResolveSchema(metadata)) return options.stats_columns;
  std::vector<std::string> names;
  for (const std::string& column : options.stats_columns) {
    const Field* const field = metadata.schema.Find(column);
    names.emplace_back(field != nullptr ? PhysicalName(*field) : column);
  }
  return names;
}

// Commits, then what the checkpoint says of the table itself.
Status Replay(const Log& log, std::span<const ReplayFile> files,
              const std::optional<CheckpointState>& old_state, Version target,
              const SnapshotOptions& options, const std::vector<std::string>& stats_names,
              LogReplay& replay) {
  SLUICE_RETURN_IF_ERROR(ReplayFiles(log, files, options, stats_names, replay));
  if (old_state) {
    replay.TakeOldProtocol(old_state->protocol);
    replay.TakeOldMetadata(old_state->metadata);
    for (const SetTransaction& txn : old_state->transactions) replay.TakeOldTransaction(txn);
    for (const DomainMetadata& domain : old_state->domains) replay.TakeOldDomain(domain);
  }
  return replay.ResolveTable(
      fmt::format("{}, version {}", log.store().DisplayName(""), target.value));
}

// From `base` (or from version 0) to `target`, which `files` lead to.
Result<Snapshot> BuildFromFiles(const Log& log, const CheckpointFile* base,
                                std::span<const ReplayFile> files, Version target,
                                const SnapshotOptions& options) {
  std::optional<CheckpointReader> checkpoint;
  std::optional<CheckpointState> old_state;
  if (base != nullptr) {
    SLUICE_ASSIGN_OR_RETURN(checkpoint, CheckpointReader::Open(log.store(), *base));
    SLUICE_ASSIGN_OR_RETURN(old_state, checkpoint->ReadTableState());
  }
  LogReplay replay(options, log.store().DisplayName(""), log.authority());
  // Under which names statistics stand, the metadata says that a replay finds at its end. What the checkpoint
  // says is right unless a column was renamed since; then the commits are read once more.
  const std::vector<std::string> guess =
      old_state ? StatisticsNames(options, old_state->metadata) : options.stats_columns;
  SLUICE_RETURN_IF_ERROR(Replay(log, files, old_state, target, options, guess, replay));
  if (const std::vector<std::string> due = replay.StatsNames(); due != guess) {
    replay = LogReplay(options, log.store().DisplayName(""), log.authority());
    SLUICE_RETURN_IF_ERROR(Replay(log, files, old_state, target, options, due, replay));
  }
  if (checkpoint && options.with_files) {
    SLUICE_RETURN_IF_ERROR(checkpoint->ReadFiles(options, replay));
  }
  return std::move(replay).Finish();
}

// Compacted logs only save reads: where one is damaged, the commits say the same.
Result<Snapshot> BuildFrom(const Log& log, const LogListing& listing, const CheckpointFile* base,
                           Version target, const SnapshotOptions& options) {
  SLUICE_RETURN_IF_ERROR(RequireCommits(log, listing, base, target));
  const Version first = base != nullptr ? Next(base->version) : Version{0};
  const auto files = FilesOf(listing, first, target, true);
  auto snapshot = BuildFromFiles(log, base, files, target, options);
  const bool from_compacted = std::any_of(files.begin(), files.end(),
                                          [](const ReplayFile& file) { return file.compacted(); });
  if (!snapshot && from_compacted && IsDamage(snapshot.error().kind)) {
    snapshot = BuildFromFiles(log, base, FilesOf(listing, first, target, false), target, options);
  }
  if (!snapshot) return snapshot;
  snapshot->version = target;
  if (base != nullptr) snapshot->checkpoint = base->version;
  if (const CommitFile* file = FindCommit(listing, target)) snapshot->commit_mark = file->Mark();
  SLUICE_ASSIGN_OR_RETURN(snapshot->committed,
                          CommittedAt(log, listing, target, snapshot->metadata, base));
  return snapshot;
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

// The catalog's word and the table's own must agree, or one of them is of another table. Only the latest version is
// asked: a table may have come under a catalog's management later.
Status RequireManaged(const Log& log, const Snapshot& snapshot) {
  if (log.ratified_latest() != snapshot.version || IsCatalogManaged(snapshot.protocol)) return {};
  return Fail(
      Error{ErrorKind::kConflict,
            fmt::format("{}: the catalog says that it manages the commits of this table, but the "
                        "protocol of version {} "
                        "does not have the feature catalogManaged",
                        log.store().DisplayName(""), snapshot.version.value),
            "find out from whoever runs the catalog what lies there: nothing of it was exported"});
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
  if (!snapshot && !listing.from_start && IsDamage(snapshot.error().kind)) {
    SLUICE_ASSIGN_OR_RETURN(listing, log.List());
    snapshot = BuildAny(log, listing, options);
  }
  if (snapshot) SLUICE_RETURN_IF_ERROR(RequireManaged(log, *snapshot));
  return snapshot;
}

}  // namespace sluice::delta
