#include "sluice/delta/feed/change_feed.h"

#include <fmt/format.h>

#include <map>
#include <utility>

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

ChangeFile Inserted(AddFile add, RowSelection rows) {
  return ChangeFile{ChangeKind::kInsert, std::move(add.path), std::move(add.partition_values),
                    add.size, std::move(rows)};
}

ChangeFile Deleted(RemoveFile remove, RowSelection rows) {
  return ChangeFile{ChangeKind::kDelete, std::move(remove.path), std::move(remove.partition_values),
                    remove.size, std::move(rows)};
}

// One file under two vectors: what the new one masks and the old one did not was deleted, the
// reverse is back again. An add action always has partition values.
void AddDifference(const AddFile& add, const RemoveFile& remove, std::vector<ChangeFile>& files) {
  const auto& before = remove.deletion_vector;
  const auto& after = add.deletion_vector;
  if (before == after) return;
  if (after) {
    files.push_back(ChangeFile{ChangeKind::kDelete, add.path, add.partition_values, add.size,
                               RowSelection{before, after}});
  }
  if (before) files.push_back(Inserted(add, RowSelection{after, before}));
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
      files.push_back(Inserted(std::move(add), std::move(live)));
    } else {
      AddDifference(add, removed->second, files);
      removes.erase(removed);
    }
  }
  for (auto& [path, remove] : removes) {
    SLUICE_RETURN_IF_ERROR(RequirePartitionValues(remove, commit.version));
    RowSelection live{remove.deletion_vector, {}};
    files.push_back(Deleted(std::move(remove), std::move(live)));
  }
  return files;
}

}  // namespace

Result<std::vector<ChangeFile>> ChangesOf(Commit commit, std::string_view root) {
  std::vector<ChangeFile> files;
  if (!commit.cdc.empty()) {
    for (AddCdcFile& cdc : commit.cdc) {
      files.push_back(ChangeFile{
          ChangeKind::kInFile, std::move(cdc.path), std::move(cdc.partition_values), cdc.size, {}});
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
    CommitChanges changes;
    changes.version = commit.version;
    changes.committed = range.times.Of(commit.version, commit.info);
    auto files = ChangesOf(std::move(commit), table);
    if (!files) return Fail(std::move(files).error().Within(table));
    changes.files = *std::move(files);
    SLUICE_RETURN_IF_ERROR(visit(std::move(changes)));
    return true;
  });
}

}  // namespace sluice::delta
