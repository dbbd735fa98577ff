#include "sluice/delta/feed/change_feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/delta/log/commit_stream.h"
#include "sluice/delta/log/file_address.h"

namespace sluice::delta {
namespace {

// MERGE may rewrite files without changing a row. Spark goes by these metrics, so do we; a metric
// that is missing is not zero.
bool IsMergeWithoutChanges(const std::optional<CommitInfo>& info) {
  if (!info || info->operation != "MERGE") return false;
  for (const char* name :
       {"numTargetRowsInserted", "numTargetRowsUpdated", "numTargetRowsDeleted"}) {
    const auto metric = info->operation_metrics.find(name);
    if (metric == info->operation_metrics.end() || metric->second != "0") return false;
  }
  return true;
}

Status RequirePartitionValues(const RemoveFile& remove, Version version) {
  if (remove.extended_file_metadata || !remove.partition_values.empty()) return {};
  return Fail(
      Error{ErrorKind::kUnsupported,
            fmt::format("version {}: the remove action of {} has no partition values (an old "
                        "writer made it), so its rows cannot be identified",
                        version.value, remove.path),
            std::string(kStartAgain)});
}

// `File`: an AddFile or a RemoveFile.
template <typename File>
ChangeFile ChangeOf(ChangeKind kind, File file, RowSelection rows) {
  return ChangeFile{kind,      std::move(file.path), std::move(file.partition_values),
                    file.size, std::move(rows),      file.ids,
                    {}};
}

// One file under two vectors: what the new one masks and the old one did not was deleted, the
// reverse is back again. An add action always has partition values.
void AddDifference(const AddFile& add, const RemoveFile& remove, std::vector<ChangeFile>& files) {
  const auto& before = remove.deletion_vector;
  const auto& after = add.deletion_vector;
  if (before == after) return;
  if (after) files.push_back(ChangeOf(ChangeKind::kDelete, add, RowSelection{before, after}));
  if (before) files.push_back(ChangeOf(ChangeKind::kInsert, add, RowSelection{after, before}));
}

Result<std::vector<ChangeFile>> DeriveChanges(Commit commit, std::string_view root) {
  std::vector<ChangeFile> files;
  std::map<std::string, RemoveFile> removes;
  for (RemoveFile& remove : commit.removes) {
    if (!remove.data_change) continue;
    std::string key = PhysicalFileKey(remove.path, root);
    removes.insert_or_assign(std::move(key), std::move(remove));
  }
  for (AddFile& add : commit.adds) {
    if (!add.data_change) continue;
    const auto removed = removes.find(PhysicalFileKey(add.path, root));
    if (removed == removes.end()) {
      RowSelection live{add.deletion_vector, {}};
      files.push_back(ChangeOf(ChangeKind::kInsert, std::move(add), std::move(live)));
    } else {
      AddDifference(add, removed->second, files);
      removes.erase(removed);
    }
  }
  for (auto& [path, remove] : removes) {
    SLUICE_RETURN_IF_ERROR(RequirePartitionValues(remove, commit.version));
    RowSelection live{remove.deletion_vector, {}};
    files.push_back(ChangeOf(ChangeKind::kDelete, std::move(remove), std::move(live)));
  }
  return files;
}

// Every row that stood before is gone, and every row now there is new, whatever ids they have: those of RESTORE
// stood long ago, those of a clone belong to another table. Spark's feed has it so, too.
bool ReplacesTable(const std::optional<CommitInfo>& info) {
  return info && (info->operation == "RESTORE" || info->operation == "CLONE" ||
                  info->operation.find("REPLACE TABLE") != std::string::npos);
}

bool Has(const std::vector<ChangeFile>& files, ChangeKind kind) {
  return std::any_of(files.begin(), files.end(),
                     [&](const ChangeFile& file) { return file.kind == kind; });
}

// How rows that stand on both sides are found; nullopt where none can.
Result<std::optional<FeedEra>> MatchBy(FeedEra era, const std::optional<CommitInfo>& info,
                                       const std::vector<ChangeFile>& files, Version version,
                                       ChangesWanted wanted) {
  if (!Has(files, ChangeKind::kInsert) || !Has(files, ChangeKind::kDelete)) return std::nullopt;
  if (era.source != ChangeSource::kRowTracking) return era;
  if (ReplacesTable(info)) return std::nullopt;
  const auto unknown = std::find_if(files.begin(), files.end(), [](const ChangeFile& file) {
    return !file.ids.base_row_id.has_value();
  });
  if (unknown == files.end()) return era;
  if (wanted == ChangesWanted::kRows) {
    era.source = ChangeSource::kRows;
    return era;
  }
  return Fail(Error{
      ErrorKind::kUnsupported,
      fmt::format("version {}: row tracking is on, but file {} has no row ids (baseRowId), so that "
                  "its rows cannot be found again among those that the version {}",
                  version.value, unknown->path,
                  unknown->kind == ChangeKind::kDelete ? "added" : "removed"),
      "set `changes: rows` to compare whole rows there, or start again from a snapshot and keep "
      "the "
      "change data feed on (ALTER TABLE ... SET TBLPROPERTIES (delta.enableChangeDataFeed = "
      "true))"});
}

// A partition column of which the log has no value is NULL, as in a snapshot, even if the file has a copy.
void CompletePartitionValues(const FeedEra& era, ChangeFile& file) {
  for (const std::string& column : era.partition_columns) {
    const bool known =
        std::any_of(file.partition_values.begin(), file.partition_values.end(),
                    [&](const auto& value) { return SameColumnName(value.first, column); });
    if (!known) file.partition_values.emplace(column, std::nullopt);
  }
}

Result<CommitChanges> ReadChanges(Commit commit, const FeedRange& range, std::string_view table) {
  CommitChanges changes;
  changes.version = commit.version;
  changes.committed = range.times.Of(commit.version, commit.info);
  const auto after = std::find_if(range.eras.begin(), range.eras.end(), [&](const FeedEra& next) {
    return next.first > changes.version;
  });
  if (after == range.eras.begin()) {
    return Fail(ErrorKind::kInternal, "version {} was not surveyed", changes.version.value);
  }
  const FeedEra& era = *std::prev(after);
  // What a commit with new metadata took away was partitioned as before.
  const bool repartitioned = commit.metadata.has_value();
  const auto info = commit.info;
  if (era.source == ChangeSource::kFeed) {
    SLUICE_ASSIGN_OR_RETURN(changes.files, ChangesOf(std::move(commit), table));
  } else {
    SLUICE_ASSIGN_OR_RETURN(changes.files, DeriveChanges(std::move(commit), table));
    SLUICE_ASSIGN_OR_RETURN(
        changes.match, MatchBy(era, info, changes.files, changes.version, range.options.changes));
  }
  for (ChangeFile& file : changes.files) {
    if (file.kind == ChangeKind::kDelete && repartitioned) continue;
    CompletePartitionValues(era, file);
  }
  return changes;
}

}  // namespace

Result<std::vector<ChangeFile>> ChangesOf(Commit commit, std::string_view root) {
  std::vector<ChangeFile> files;
  if (!commit.cdc.empty()) {
    for (AddCdcFile& cdc : commit.cdc) {
      files.push_back(ChangeFile{ChangeKind::kInFile,
                                 std::move(cdc.path),
                                 std::move(cdc.partition_values),
                                 cdc.size,
                                 {},
                                 {},
                                 {}});
    }
    return files;
  }
  if (IsMergeWithoutChanges(commit.info)) return files;
  return DeriveChanges(std::move(commit), root);
}

Status VisitChanges(const Log& log, const FeedRange& range,
                    const std::function<Status(CommitChanges)>& visit) {
  if (range.empty()) return {};
  const std::string table = log.store().DisplayName("");
  SLUICE_ASSIGN_OR_RETURN(LogListing listing, log.List(range.first));
  SLUICE_RETURN_IF_ERROR(Log::RequireContiguous(listing, range.first, range.last, table));
  std::erase_if(listing.commits, [&](const CommitFile& file) {
    return file.version < range.first || file.version > range.last;
  });
  return VisitCommits(log, listing.commits, ReadFileActions, [&](Commit commit) -> Result<bool> {
    auto changes = ReadChanges(std::move(commit), range, table);
    if (!changes) return Fail(std::move(changes).error().Within(table));
    SLUICE_RETURN_IF_ERROR(visit(*std::move(changes)));
    return true;
  });
}

}  // namespace sluice::delta
