#pragma once

#include <functional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/schema/statistics.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {

/// An add action as a live file, without statistics; `keep`: with the action itself.
LiveFile WithoutStatistics(AddFile&& add, bool keep);

/// ExtractStatistics, but none of a text that was made to take long.
RawStatistics ReadStatistics(std::string_view stats, const std::vector<std::string>& names);

/// Gives `file` its statistics for `columns`; a partition column's come from the partition values, read in
/// `zone`.
void SetStatistics(LiveFile& file, FileStatistics stats, const std::vector<Field>& columns,
                   const TimeZone& zone);

/// Files and tombstones of a part of a checkpoint.
struct OldFiles {
  std::vector<LiveFile> files;
  std::vector<size_t> hashes;  ///< of the files' keys, in their order
  std::vector<RemoveFile> tombstones;
  int64_t left_out = 0, left_out_bytes = 0;

  void LeaveOut(int64_t bytes) {
    ++left_out;
    left_out_bytes += bytes;
  }
  void Add(LiveFile file, const std::string& key) {
    files.push_back(std::move(file));
    hashes.push_back(std::hash<std::string>()(key));
  }
};

/// PROTOCOL.md, "Action Reconciliation", from the newest commit backwards: the first reference to a
/// logical file, an application, a domain, the metadata and the protocol counts, later ones are older.
/// So only what lies after the checkpoint needs a set of keys, not the whole table. Not thread-safe.
///
/// Use: Take() each commit, newest first; then offer what the checkpoint holds to the Seen... and
/// TakeOld... calls; then Finish().
class LogReplay {
 public:
  /// `root` is the table's folder as messages call it: absolute paths below it are paths of the table.
  LogReplay(const SnapshotOptions& options, std::string root,
            CommitAuthority authority = CommitAuthority::kLog)
      : options_(&options), root_(std::move(root)), authority_(authority) {}

  /// `stats` of the commit's adds, in their order, extracted for StatsNames(). The text of
  /// statistics that stands in the adds is kept; the caller clears it where nobody wants it.
  void Take(Commit commit, std::vector<RawStatistics> stats);

  void TakeOldProtocol(Protocol protocol);
  void TakeOldMetadata(Metadata metadata);
  void TakeOldTransaction(SetTransaction transaction);
  void TakeOldDomain(DomainMetadata domain);
  /// The key of a logical file, for WantsOld.
  std::string KeyOf(std::string_view path,
                    const std::optional<DeletionVectorDescriptor>& dv) const {
    return LogicalFileKey(path, dv, root_);
  }
  /// False if a commit has already said what became of that logical file. Several threads may ask while nobody
  /// takes anything.
  bool WantsOld(const std::string& key) const { return !seen_.contains(key); }
  /// True if no commit said anything of any file.
  bool WantsAllOld() const { return seen_.empty(); }
  void TakeOldFiles(OldFiles files);

  bool has_protocol() const { return protocol_.has_value(); }
  bool has_metadata() const { return metadata_.has_value(); }

  /// Parses the schema that won and finds options.stats_columns in it; before TakeOldFile. kCorrupt
  /// where protocol or metadata are missing, kUnsupported as CheckReadable.
  Status ResolveTable(std::string_view table);
  /// The fields of options.stats_columns, in that order; unknown ones of type void. After ResolveTable.
  const std::vector<Field>& stats_fields() const { return stats_fields_; }
  /// Whether the first of them is a partition column.
  bool IsPartitionedByFirst() const;
  /// Under which names statistics of these columns stand.
  std::vector<std::string> StatsNames() const;

  /// The snapshot without version, committed and checkpoint. Files in the order of the log. After
  /// ResolveTable. kCorrupt where the checkpoint holds one logical file twice.
  Result<Snapshot> Finish() &&;

 private:
  struct PendingFile {
    LiveFile file;
    RawStatistics stats;
  };

  Status RequireDistinctFiles();
  /// All files in the order of the log.
  std::vector<LiveFile> JoinFiles();

  const SnapshotOptions* options_;
  std::string root_;
  CommitAuthority authority_;
  std::optional<Protocol> protocol_;
  std::optional<Metadata> metadata_;
  std::map<std::string, SetTransaction> transactions_;
  std::map<std::string, DomainMetadata> domains_;  ///< removed ones included
  std::unordered_set<std::string> seen_;           ///< keys of logical files
  std::vector<PendingFile> new_files_;             ///< newest first
  std::vector<OldFiles> old_files_;
  int64_t left_out_ = 0, left_out_bytes_ = 0;
  std::vector<RemoveFile> tombstones_;
  std::vector<Field> stats_fields_;
};

}  // namespace sluice::delta
