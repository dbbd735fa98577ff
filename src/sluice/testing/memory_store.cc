#include "sluice/testing/memory_store.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "sluice/base/mutex.h"
#include "sluice/store/checksum.h"

namespace sluice::testing {
namespace {

using store::CompleteOutcome;
using store::Key;
using store::ObjectInfo;
using store::PendingUpload;
using store::PendingUploadInfo;
using store::PutOutcome;
using store::UploadedPart;

using Bytes = std::shared_ptr<const std::string>;

std::string ChecksumOf(std::string_view bytes) {
  store::Crc64Nvme checksum;
  checksum.Update({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  return checksum.ToString();
}

std::string EtagOf(std::string_view bytes) { return "\"" + ChecksumOf(bytes) + "\""; }

struct Object {
  Bytes bytes;
  Timestamp modified;
  std::string etag;
};

struct Upload {
  Key key;
  Timestamp started;
  std::vector<std::string> parts;
};

/// All that the store holds.
struct Contents {
  Mutex mutex;
  std::map<Key, Object> objects SLUICE_GUARDED_BY(mutex);
  std::map<std::string, Upload> uploads SLUICE_GUARDED_BY(mutex);  // by id
  int64_t writes SLUICE_GUARDED_BY(mutex) = 0;
  int64_t last_upload SLUICE_GUARDED_BY(mutex) = 0;

  Timestamp Tick() SLUICE_REQUIRES(mutex) {
    return Timestamp{1'767'222'000'000'000 + ++writes * 1'000};
  }

  void Write(const Key& key, std::string bytes) SLUICE_REQUIRES(mutex) {
    std::string etag = EtagOf(bytes);
    objects[key] = {std::make_shared<const std::string>(std::move(bytes)), Tick(), std::move(etag)};
  }
};

class MemoryReader : public store::ObjectReader {
 public:
  MemoryReader(std::string name, Bytes bytes) : name_(std::move(name)), bytes_(std::move(bytes)) {}
  int64_t size() const override { return static_cast<int64_t>(bytes_->size()); }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    const int64_t end = offset + static_cast<int64_t>(out.size());
    if (offset < 0 || end > size()) {
      return Fail(ErrorKind::kCorrupt, "{}: ends before byte {}", name_, end);
    }
    std::copy_n(bytes_->data() + offset, out.size(), out.begin());
    return {};
  }

 private:
  const std::string name_;
  const Bytes bytes_;
};

/// Parts go up as they fill, as they do to S3: a writer that is destroyed leaves them there.
class MemoryUpload : public store::UploadWriter {
 public:
  static constexpr size_t kPartSize = 5
                                      << 20;  // the least that S3 takes for all parts but the last

  MemoryUpload(std::shared_ptr<Contents> contents, Key key, std::string id)
      : contents_(std::move(contents)), key_(std::move(key)), id_(std::move(id)) {}

  const std::string& upload_id() const override { return id_; }

  Status Append(std::span<const uint8_t> bytes) override {
    checksum_.Update(bytes);
    size_ += static_cast<int64_t>(bytes.size());
    part_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return part_.size() < kPartSize ? Status() : SendPart();
  }

  Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                    int64_t length) override {
    Bytes source;
    {
      const MutexLock lock(contents_->mutex);
      const auto found = contents_->objects.find(source_key);
      if (found == contents_->objects.end()) {
        return Fail(ErrorKind::kNotFound, "memory://{}: no such object", source_key);
      }
      if (!source_etag.empty() && source_etag != found->second.etag) {
        return Fail(ErrorKind::kConflict, "memory://{}: has changed since it was looked at",
                    source_key);
      }
      source = found->second.bytes;
    }
    if (offset < 0 || length < 0 || offset + length > static_cast<int64_t>(source->size())) {
      return Fail(ErrorKind::kCorrupt, "memory://{}: ends before the range that was to be copied",
                  source_key);
    }
    return Append(
        {reinterpret_cast<const uint8_t*>(source->data()) + offset, static_cast<size_t>(length)});
  }

  Result<PendingUpload> Finish() override {
    if (!part_.empty() || parts_.empty()) SLUICE_RETURN_IF_ERROR(SendPart());
    return PendingUpload{key_, id_, parts_, size_, checksum_.ToString()};
  }

 private:
  Status SendPart() {
    const MutexLock lock(contents_->mutex);
    const auto upload = contents_->uploads.find(id_);
    if (upload == contents_->uploads.end()) {
      return Fail(ErrorKind::kNotFound, "memory://{}: its upload {} was aborted", key_, id_);
    }
    parts_.push_back(
        {static_cast<int>(parts_.size()) + 1, EtagOf(part_), static_cast<int64_t>(part_.size())});
    upload->second.parts.push_back(std::exchange(part_, {}));
    return {};
  }

  const std::shared_ptr<Contents> contents_;
  const Key key_;
  const std::string id_;
  store::Crc64Nvme checksum_;
  int64_t size_ = 0;
  std::string part_;
  std::vector<UploadedPart> parts_;
};

class MemoryStore : public store::ObjectStore {
 public:
  std::string DisplayName(const Key& key) const override { return "memory://" + key; }

  Result<ObjectInfo> Head(const Key& key) const override {
    SLUICE_ASSIGN_OR_RETURN(const Object object, Find(key));
    return InfoOf(key, object);
  }
  Result<std::string> Get(const Key& key) const override {
    SLUICE_ASSIGN_OR_RETURN(const Object object, Find(key));
    return *object.bytes;
  }
  Result<std::unique_ptr<store::ObjectReader>> Open(const Key& key) const override {
    SLUICE_ASSIGN_OR_RETURN(const Object object, Find(key));
    return std::make_unique<MemoryReader>(DisplayName(key), object.bytes);
  }

  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const ObjectInfo&)>& visit) const override {
    Key after = start_after;
    bool from_prefix = prefix > start_after;
    while (true) {
      const std::vector<ObjectInfo> page =
          PageOf(prefix, from_prefix ? prefix : after, from_prefix);
      // Without the lock: what visits may write, too.
      for (const ObjectInfo& object : page) {
        if (!visit(object)) return {};
      }
      if (page.size() < kPageSize) return {};
      after = page.back().key;
      from_prefix = false;
    }
  }

  Result<std::vector<std::string>> ListFolders(const Key& prefix) const override {
    const MutexLock lock(contents_->mutex);
    std::set<std::string> folders;
    for (auto at = contents_->objects.lower_bound(prefix);
         at != contents_->objects.end() && at->first.starts_with(prefix); ++at) {
      const size_t slash = at->first.find('/', prefix.size());
      if (slash != Key::npos)
        folders.insert(at->first.substr(prefix.size(), slash - prefix.size()));
    }
    return std::vector<std::string>(folders.begin(), folders.end());
  }

  Result<PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(key));
    const MutexLock lock(contents_->mutex);
    if (contents_->objects.contains(key)) return PutOutcome::kAlreadyExists;
    contents_->Write(key, std::string(bytes));
    return PutOutcome::kCreated;
  }
  Status Put(const Key& key, std::string_view bytes) override {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(key));
    const MutexLock lock(contents_->mutex);
    contents_->Write(key, std::string(bytes));
    return {};
  }
  Status Delete(const Key& key) override {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(key));
    const MutexLock lock(contents_->mutex);
    contents_->objects.erase(key);
    return {};
  }

  Result<std::unique_ptr<store::UploadWriter>> StartUpload(const Key& key) override {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(key));
    const MutexLock lock(contents_->mutex);
    std::string id = fmt::format("upload-{}", ++contents_->last_upload);
    contents_->uploads[id] = Upload{key, contents_->Tick(), {}};
    return std::make_unique<MemoryUpload>(contents_, key, std::move(id));
  }

  Result<CompleteOutcome> CompleteUpload(const PendingUpload& upload) override {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(upload.key));
    const MutexLock lock(contents_->mutex);
    const auto found = contents_->uploads.find(upload.upload_id);
    if (found == contents_->uploads.end() || found->second.key != upload.key) {
      return CompleteOutcome::kNoSuchUpload;
    }
    const std::vector<std::string>& parts = found->second.parts;
    std::string bytes;
    for (size_t i = 0; i < upload.parts.size(); ++i) {
      if (i >= parts.size() || upload.parts[i].number != static_cast<int>(i) + 1 ||
          upload.parts[i].etag != EtagOf(parts[i])) {
        return Fail(ErrorKind::kCorrupt, "{}: part {} is not the one that was uploaded",
                    DisplayName(upload.key), upload.parts[i].number);
      }
      bytes += parts[i];
    }
    if (ChecksumOf(bytes) != upload.checksum) {
      return Fail(ErrorKind::kCorrupt, "{}: the checksum of the parts is not {}",
                  DisplayName(upload.key), upload.checksum);
    }
    contents_->uploads.erase(found);
    contents_->Write(upload.key, std::move(bytes));
    return CompleteOutcome::kCompleted;
  }

  Status AbortUpload(const Key& key, const std::string& upload_id) override {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(key));
    const MutexLock lock(contents_->mutex);
    const auto found = contents_->uploads.find(upload_id);
    if (found != contents_->uploads.end() && found->second.key == key) {
      contents_->uploads.erase(found);
    }
    return {};
  }

  Status ListUploads(const Key& prefix,
                     const std::function<bool(const PendingUploadInfo&)>& visit) const override {
    std::vector<PendingUploadInfo> found;
    {
      const MutexLock lock(contents_->mutex);
      for (const auto& [id, upload] : contents_->uploads) {
        if (upload.key.starts_with(prefix)) found.push_back({upload.key, id, upload.started});
      }
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return std::pair(a.key, a.started) < std::pair(b.key, b.started);
    });
    for (const PendingUploadInfo& upload : found) {
      if (!visit(upload)) break;
    }
    return {};
  }

 private:
  static constexpr size_t kPageSize = 1000;  // S3's

  static ObjectInfo InfoOf(const Key& key, const Object& object) {
    return {key, static_cast<int64_t>(object.bytes->size()), object.modified, object.etag};
  }

  Result<Object> Find(const Key& key) const {
    SLUICE_RETURN_IF_ERROR(store::ValidateKey(key));
    const MutexLock lock(contents_->mutex);
    const auto found = contents_->objects.find(key);
    if (found == contents_->objects.end()) {
      return Fail(ErrorKind::kNotFound, "{}: no such object", DisplayName(key));
    }
    return found->second;
  }

  /// The next page of keys with `prefix` that are > `from`, or >= where `inclusive`.
  std::vector<ObjectInfo> PageOf(const Key& prefix, const Key& from, bool inclusive) const {
    const MutexLock lock(contents_->mutex);
    std::vector<ObjectInfo> page;
    auto at =
        inclusive ? contents_->objects.lower_bound(from) : contents_->objects.upper_bound(from);
    for (; at != contents_->objects.end() && at->first.starts_with(prefix); ++at) {
      page.push_back(InfoOf(at->first, at->second));
      if (page.size() == kPageSize) break;
    }
    return page;
  }

  const std::shared_ptr<Contents> contents_ = std::make_shared<Contents>();
};

}  // namespace

std::shared_ptr<store::ObjectStore> MakeMemoryStore() { return std::make_shared<MemoryStore>(); }

}  // namespace sluice::testing
