#include "sluice/exporter/source/added_again.h"

#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/load_snapshot.h"

namespace sluice::exporter {
namespace {

using Keys = std::unordered_set<std::string>;

constexpr int64_t kMicrosPerMilli = 1000;

/// Of the files that `commits` add, those that may have been live at `scanned`: they are not younger than its commit.
Result<Keys> OldFiles(const delta::Log& log, Version scanned,
                      const std::vector<delta::Commit>& commits, const std::string& root) {
  SLUICE_ASSIGN_OR_RETURN(const delta::LogListing listing, log.List(scanned));
  std::optional<Timestamp> made;
  for (const auto& file : listing.commits) {
    if (file.version == scanned) made = file.modified;
  }
  Keys old;
  for (const auto& commit : commits) {
    for (const auto& add : commit.adds) {
      if (!add.data_change) continue;
      if (made && add.modification_time > made->micros / kMicrosPerMilli) continue;
      old.insert(delta::LogicalFileKey(add.path, add.deletion_vector, root));
    }
  }
  return old;
}

/// Those of `keys` that are live at `scanned`.
Result<Keys> LiveAt(const delta::Log& log, Version scanned, const Keys& keys,
                    const std::string& root) {
  Keys live;
  if (keys.empty()) return live;
  delta::SnapshotOptions options;
  options.at = scanned;
  const auto snapshot = delta::LoadSnapshot(log, options);
  if (!snapshot) {
    if (snapshot.error().kind == ErrorKind::kSourceGone) return live;
    return Fail(snapshot.error());
  }
  for (const auto& file : snapshot->files) {
    std::string key = delta::LogicalFileKey(file.path, file.deletion_vector, root);
    if (keys.contains(key)) live.insert(std::move(key));
  }
  return live;
}

}  // namespace

Result<bool> LeaveOutAddedAgain(const Session& session, Version scanned,
                                std::vector<delta::Commit>& commits) {
  const delta::Log& log = *session.log;
  const std::string root = log.store().DisplayName("");
  SLUICE_ASSIGN_OR_RETURN(const Keys old, OldFiles(log, scanned, commits, root));
  SLUICE_ASSIGN_OR_RETURN(Keys live, LiveAt(log, scanned, old, root));
  bool any = false;
  for (auto& commit : commits) {
    // A commit may remove a file and add it, with another vector or the same: what it removes was live before it, and
    // what it adds is live after it.
    std::vector<std::string> added;
    any |= std::erase_if(commit.adds, [&](const delta::AddFile& add) {
             added.push_back(delta::LogicalFileKey(add.path, add.deletion_vector, root));
             return live.contains(added.back());
           }) > 0;
    for (const auto& remove : commit.removes) {
      live.erase(delta::LogicalFileKey(remove.path, remove.deletion_vector, root));
    }
    live.insert(added.begin(), added.end());
  }
  return any;
}

}  // namespace sluice::exporter
