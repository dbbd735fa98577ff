#include "sluice/delta/write/log_cleanup.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "sluice/delta/log/log.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/read/data_path.h"
#include "sluice/delta/read/deletion_vector.h"
#include "sluice/delta/snapshot/checkpoint_reader.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/delta/write/data_file_writer.h"
#include "sluice/delta/write/write_support.h"

namespace sluice::delta {
namespace {

constexpr Duration kOrphanAge = Days(1);
constexpr Duration kLeastFileRetention = Hours(1);
constexpr size_t kVersionDigits = 20;

Timestamp MidnightBefore(Timestamp t) {
  const int64_t day = Days(1).micros;
  const int64_t over = ((t.micros % day) + day) % day;
  return Timestamp{t.micros - over};
}

// The newest commit that is not newer than `cutoff`. Modification times are taken as rising, as Delta
// does, so that a commit with a stray old time does not make those before it look expired.
std::optional<Version> CutoffCommit(const LogListing& listing, Timestamp cutoff) {
  std::optional<Version> found;
  Timestamp last;
  for (const CommitFile& commit : listing.commits) {
    last = std::max(last, commit.modified);
    if (cutoff < last) break;
    found = commit.version;
  }
  return found;
}

std::optional<Version> CutoffCheckpoint(const LogListing& listing, Version newest) {
  std::optional<Version> found;
  for (const CheckpointFile& checkpoint : listing.checkpoints) {
    if (checkpoint.version <= newest) found = checkpoint.version;
  }
  return found;
}

// The version that any file of the log belongs to, checksums and compacted logs included.
std::optional<Version> VersionOfLogFile(std::string_view key) {
  if (!key.starts_with(kLogFolder)) return std::nullopt;
  key.remove_prefix(kLogFolder.size());
  if (key.starts_with('.')) key.remove_prefix(1);  // ".00000000000000000007.json.crc", by Hadoop
  if (key.size() <= kVersionDigits || key[kVersionDigits] != '.') return std::nullopt;
  int64_t version = 0;
  const char* const end = key.data() + kVersionDigits;
  const auto parsed = std::from_chars(key.data(), end, version);
  if (parsed.ec != std::errc() || parsed.ptr != end || version < 0) return std::nullopt;
  return Version{version};
}

// PROTOCOL.md, "Checkpoint Protection": before this version the log goes as a whole or not at all.
int64_t ProtectedBefore(const Snapshot& snapshot) {
  const auto& features = snapshot.protocol.writer_features;
  if (std::find(features.begin(), features.end(), "checkpointProtection") == features.end()) {
    return 0;
  }
  const auto& properties = snapshot.metadata.configuration;
  const auto found = properties.find("delta.requireCheckpointProtectionBeforeVersion");
  if (found == properties.end()) return 0;
  int64_t version = 0;
  const std::string& text = found->second;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), version);
  const bool read = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  return read ? version : std::numeric_limits<int64_t>::max();
}

// Sidecars that no checkpoint from `first` on names, and that were there before `cutoff`; none where one of the
// checkpoints cannot be read.
Result<std::vector<store::Key>> UnusedSidecars(const store::ObjectStore& store,
                                               const LogListing& listing, Version first,
                                               Timestamp cutoff) {
  std::unordered_set<store::Key> used;
  for (const CheckpointFile& checkpoint : listing.checkpoints) {
    if (checkpoint.version < first) continue;
    const auto reader = CheckpointReader::Open(store, checkpoint);
    if (!reader) return std::vector<store::Key>();
    used.insert(reader->sidecars().begin(), reader->sidecars().end());
  }
  std::vector<store::Key> unused;
  SLUICE_RETURN_IF_ERROR(store.List(SidecarKey(""), "", [&](const store::ObjectInfo& object) {
    if (object.modified < cutoff && !used.contains(object.key)) unused.push_back(object.key);
    return true;
  }));
  return unused;
}

Result<int64_t> DeleteAll(store::ObjectStore& store, const std::vector<store::Key>& keys) {
  for (const store::Key& key : keys) SLUICE_RETURN_IF_ERROR(store.Delete(key));
  return static_cast<int64_t>(keys.size());
}

using Keys = std::unordered_set<store::Key>;

// Adds the objects in this table that a logical file consists of; those elsewhere are not ours.
Status AddObjects(const store::ObjectStore& store, const std::string& path,
                  const std::optional<DeletionVectorDescriptor>& dv, Keys& keys) {
  SLUICE_ASSIGN_OR_RETURN(const auto address, ResolvePath(path, store));
  if (address.relative) keys.insert(address.key_or_uri);
  if (dv && dv->storage_type == 'u') {
    SLUICE_ASSIGN_OR_RETURN(store::Key key, DeletionVectorKey(dv->path_or_inline_dv));
    keys.insert(std::move(key));
  } else if (dv && dv->storage_type == 'p') {
    SLUICE_ASSIGN_OR_RETURN(const auto vector, ResolvePath(dv->path_or_inline_dv, store));
    if (vector.relative) keys.insert(vector.key_or_uri);
  }
  return {};
}

struct TableObjects {
  Keys needed;   ///< by live files and unexpired tombstones
  Keys expired;  ///< named by an expired tombstone
};

Result<TableObjects> FindObjects(const store::ObjectStore& store, const Snapshot& snapshot,
                                 Timestamp now) {
  const Duration retention =
      std::max(PropertiesOf(snapshot.metadata).deleted_file_retention, kLeastFileRetention);
  const int64_t expiry_millis = (now - retention).micros / 1000;
  TableObjects objects;
  for (const LiveFile& file : snapshot.files) {
    SLUICE_RETURN_IF_ERROR(AddObjects(store, file.path, file.deletion_vector, objects.needed));
  }
  for (const RemoveFile& remove : snapshot.tombstones) {
    const bool expired = remove.deletion_timestamp.value_or(0) <= expiry_millis;
    SLUICE_RETURN_IF_ERROR(AddObjects(store, remove.path, remove.deletion_vector,
                                      expired ? objects.expired : objects.needed));
  }
  return objects;
}

Status AbortOldUploads(store::ObjectStore& store, Timestamp now) {
  std::vector<store::PendingUploadInfo> old;
  SLUICE_RETURN_IF_ERROR(store.ListUploads("", [&](const store::PendingUploadInfo& upload) {
    const bool is_own = IsOwnDataFileName(upload.key) || IsOwnChangeFileName(upload.key);
    if (is_own && upload.started < now - kOrphanAge) old.push_back(upload);
    return true;
  }));
  for (const auto& upload : old) {
    SLUICE_RETURN_IF_ERROR(store.AbortUpload(upload.key, upload.upload_id));
  }
  return {};
}

}  // namespace

Result<int64_t> CleanUpLog(const std::shared_ptr<store::ObjectStore>& table_store, Timestamp now) {
  const Log log(table_store);
  SnapshotOptions options;
  options.with_files = false;
  SLUICE_ASSIGN_OR_RETURN(const Snapshot snapshot, LoadSnapshot(log, options));
  const TableProperties properties = PropertiesOf(snapshot.metadata);
  if (!properties.clean_up_log) return 0;
  SLUICE_ASSIGN_OR_RETURN(const LogListing listing, log.List());
  const Timestamp cutoff = MidnightBefore(now - properties.log_retention);
  const auto commit = CutoffCommit(listing, cutoff);
  if (!commit) return 0;
  const auto checkpoint = CutoffCheckpoint(listing, *commit);
  if (!checkpoint || checkpoint->value < ProtectedBefore(snapshot)) return 0;
  // A damaged checkpoint can be read past only while the commits before it are there.
  options.at = *checkpoint;
  options.with_files = true;
  SLUICE_ASSIGN_OR_RETURN(const Snapshot kept, LoadSnapshot(log, options));
  if (kept.checkpoint != *checkpoint) return 0;
  std::vector<store::Key> expired;
  SLUICE_RETURN_IF_ERROR(
      table_store->List(store::Key(kLogFolder), "", [&](const store::ObjectInfo& object) {
        const auto version = VersionOfLogFile(object.key);
        if (version && *version < *checkpoint) expired.push_back(object.key);
        return true;
      }));
  // Ascending: where it stops half-way, a prefix is gone and the log has no hole.
  std::sort(expired.begin(), expired.end());
  SLUICE_ASSIGN_OR_RETURN(const auto sidecars,
                          UnusedSidecars(*table_store, listing, *checkpoint, cutoff));
  expired.insert(expired.end(), sidecars.begin(), sidecars.end());
  return DeleteAll(*table_store, expired);
}

Result<int64_t> CleanUpFiles(const std::shared_ptr<store::ObjectStore>& table_store,
                             Timestamp now) {
  SnapshotOptions options;
  options.with_tombstones = true;
  SLUICE_ASSIGN_OR_RETURN(const Snapshot snapshot, LoadSnapshot(Log(table_store), options));
  SLUICE_RETURN_IF_ERROR(CheckWritable(snapshot.protocol, snapshot.metadata, snapshot.domains,
                                       table_store->DisplayName("")));
  SLUICE_ASSIGN_OR_RETURN(const TableObjects objects, FindObjects(*table_store, snapshot, now));
  // No action expires a file of changes: as VACUUM, we go by its age.
  const TableProperties properties = PropertiesOf(snapshot.metadata);
  const Timestamp changes_expired =
      now - std::max({properties.deleted_file_retention, properties.log_retention, kOrphanAge});
  std::vector<store::Key> dead;
  SLUICE_RETURN_IF_ERROR(table_store->List("", "", [&](const store::ObjectInfo& object) {
    if (objects.needed.contains(object.key)) return true;
    const bool orphan = IsOwnDataFileName(object.key) && object.modified < now - kOrphanAge;
    const bool old_changes = IsOwnChangeFileName(object.key) && object.modified < changes_expired;
    if (orphan || old_changes || objects.expired.contains(object.key)) dead.push_back(object.key);
    return true;
  }));
  SLUICE_ASSIGN_OR_RETURN(const int64_t deleted, DeleteAll(*table_store, dead));
  SLUICE_RETURN_IF_ERROR(AbortOldUploads(*table_store, now));
  return deleted;
}

}  // namespace sluice::delta
