#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

namespace sluice::store {

/// A name below a store's root: '/'-separated, no leading or doubled slash, no "." or ".." part.
using Key = std::string;

struct ObjectInfo {
  Key key;
  int64_t size = 0;    ///< bytes
  Timestamp modified;  ///< the store's own clock
  std::string etag;    ///< opaque; "" if the store has none
  /// As in PendingUpload; "" where the store keeps none, and in listings.
  std::string checksum{};
};

/// Random access to one immutable object. Thread-safe.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual int64_t size() const = 0;
  /// Fills `out` from byte `offset`; kCorrupt when the object ends before it is full.
  virtual Status ReadAt(int64_t offset, std::span<uint8_t> out) const = 0;
};

/// One part of an upload as the store acknowledged it.
struct UploadedPart {
  int number = 1;  ///< 1-based, without gaps
  std::string etag;
  int64_t size = 0;
  std::string checksum{};  ///< as PendingUpload's, of the part; "" where it is not known
};

/// A file that lies in the store complete but invisible: all parts are up, completion is withheld.
/// Plain data, because `n.commit.json` carries it to the runner that completes it.
struct PendingUpload {
  Key key;
  std::string upload_id;
  std::vector<UploadedPart> parts;
  int64_t size = 0;
  std::string checksum;  ///< "crc64nvme:<16 hex>" of the whole object
};

/// Writes one object as an upload whose completion is withheld. Not thread-safe. Destroying it
/// before Finish() leaves the upload pending; Abort it by its id.
class UploadWriter {
 public:
  virtual ~UploadWriter() = default;
  virtual const std::string& upload_id() const = 0;
  virtual Status Append(std::span<const uint8_t> bytes) = 0;
  /// Appends bytes [offset, offset + length) of `source_key` in the same store without moving them
  /// through this process where the store can (UploadPartCopy, copy_file_range). `source_etag`,
  /// unless empty, must still be the source's (kConflict otherwise).
  virtual Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                            int64_t length) = 0;
  /// After it, every byte is durable in the store and nothing is visible.
  virtual Result<PendingUpload> Finish() = 0;
};

enum class CompleteOutcome {
  kCompleted,    ///< visible now, by this call
  kNoSuchUpload  ///< completed before or aborted: Head() the key to find out
};

/// Outcome of a conditional put whose answer is certain (the store reads back what is ambiguous).
enum class PutOutcome {
  kCreated,        ///< our bytes are there, written by this call or by a retry of it
  kAlreadyExists,  ///< other bytes are there; nothing was changed
};

struct PendingUploadInfo {
  Key key;
  std::string upload_id;
  Timestamp started;
};

/// Bytes under a name, with the semantics of S3 and nothing more: strong consistency, put-if-absent,
/// multipart uploads that stay invisible until completed; no rename, no conditional delete, no
/// commit over several keys. Thread-safe. Every implementation passes store_contract.
///
/// Errors: kNotFound (no such object), kPermission, kStorage (disk full, I/O), kTransient (after the
/// implementation's own retries), kCorrupt (short or damaged answers), kUsage (an impossible key).
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// How errors and people call `key`: "/data/out/a.parquet" or "s3://bucket/a.parquet".
  virtual std::string DisplayName(const Key& key) const = 0;

  /// What time it is by the store's own clock, to a second or two; nullopt where it has none of its own,
  /// or was never asked anything yet.
  virtual std::optional<Timestamp> StoreTime() const { return std::nullopt; }

  virtual Result<ObjectInfo> Head(const Key& key) const = 0;
  /// The whole object; for small ones (log entries, manifests).
  virtual Result<std::string> Get(const Key& key) const = 0;
  virtual Result<std::unique_ptr<ObjectReader>> Open(const Key& key) const = 0;
  /// An object outside of this store's root, by its absolute path or "s3://bucket/key": tables may name files that
  /// lie elsewhere. kUnsupported where the store reaches nothing else.
  virtual Result<std::unique_ptr<ObjectReader>> OpenElsewhere(const std::string& address) const;

  /// Every object whose key starts with `prefix` and is > `start_after`, in ascending byte order of
  /// keys, page by page: `visit` returns false to stop. Internal objects of the implementation
  /// (staged uploads) are never listed. A prefix under which nothing lies lists nothing.
  virtual Status List(const Key& prefix, const Key& start_after,
                      const std::function<bool(const ObjectInfo&)>& visit) const = 0;
  /// The next path parts below `prefix` (which ends in '/' or is empty) that have objects below them,
  /// without '/', ascending: what `aws s3 ls` shows as PRE.
  virtual Result<std::vector<std::string>> ListFolders(const Key& prefix) const = 0;

  /// Creates `key` with `bytes`, atomically and durably, only if nothing is there.
  virtual Result<PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) = 0;
  /// Replaces `key` atomically. Only for objects that carry no promise: heartbeats, hints, _SUCCESS.
  virtual Status Put(const Key& key, std::string_view bytes) = 0;
  /// Deleting what is not there succeeds.
  virtual Status Delete(const Key& key) = 0;

  virtual Result<std::unique_ptr<UploadWriter>> StartUpload(const Key& key) = 0;
  /// Bytes that an upload which is being written may hold in memory, 0 for none.
  virtual int64_t upload_buffer_bytes() const { return 0; }
  /// Makes a pending upload visible under its key, durably. Unconditional: names are unique.
  virtual Result<CompleteOutcome> CompleteUpload(const PendingUpload& upload) = 0;
  /// Aborting what is not there succeeds.
  virtual Status AbortUpload(const Key& key, const std::string& upload_id) = 0;
  virtual Status ListUploads(const Key& prefix,
                             const std::function<bool(const PendingUploadInfo&)>& visit) const = 0;
};

/// All objects under `prefix`; for prefixes known to be small.
Result<std::vector<ObjectInfo>> ListAll(const ObjectStore& store, const Key& prefix,
                                        const Key& start_after = {});

/// Whether what lies under the upload's key is that upload, completed by somebody: size and checksum are
/// its own. Reads the object where the store does not keep its checksum. False where nothing lies there.
Result<bool> HoldsUpload(const ObjectStore& store, const PendingUpload& upload);

/// Aborts each of `uploads`, best effort: what stays is left to `prune`, and so is all the rest once the
/// store does not answer. False then.
bool TryAbort(ObjectStore& store, const std::vector<PendingUploadInfo>& uploads);

/// kUsage unless `key` is of the form that Key describes.
Status ValidateKey(const Key& key);

}  // namespace sluice::store
