#include "sluice/store/local/local_staging.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sluice/runtime/entropy.h"
#include "sluice/store/checksum.h"
#include "sluice/store/local/posix_file.h"

namespace sluice::store {
namespace {

std::string NewId() {
  static const auto entropy = runtime::SystemEntropy();
  return runtime::RandomHex16(*entropy) + runtime::RandomHex16(*entropy);
}

bool IsUploadId(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// One file that grows in the staging folder.
class LocalUpload : public UploadWriter {
 public:
  LocalUpload(std::string root, std::string folder, Key key, std::string id, FileDescriptor file)
      : root_(std::move(root)),
        folder_(std::move(folder)),
        key_(std::move(key)),
        id_(std::move(id)),
        file_(std::move(file)) {}

  const std::string& upload_id() const override { return id_; }

  Status Append(std::span<const uint8_t> bytes) override {
    SLUICE_RETURN_IF_ERROR(WriteAll(file_.get(), bytes, DataPath()));
    checksum_.Update(bytes);
    size_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  Status AppendCopy(const Key& source_key, std::string_view source_etag, int64_t offset,
                    int64_t length) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(source_key));
    const std::string source = root_ + "/" + source_key;
    SLUICE_ASSIGN_OR_RETURN(const FileDescriptor from, OpenForReading(source));
    struct stat info {};
    if (fstat(from.get(), &info) != 0) return Fail(ErrnoError(errno, "looking up", source));
    if (!source_etag.empty() && source_etag != EtagOf(info)) {
      return Fail(ErrorKind::kConflict, "{}: has changed since it was looked at", source);
    }
    // The checksum needs every byte in memory anyway, so the kernel's own copy would save nothing.
    std::vector<uint8_t> buffer(static_cast<size_t>(std::min<int64_t>(length, 1 << 20)));
    while (length > 0) {
      const auto want = static_cast<size_t>(std::min<int64_t>(length, 1 << 20));
      const std::span<uint8_t> piece(buffer.data(), want);
      SLUICE_ASSIGN_OR_RETURN(const size_t got, ReadSome(from.get(), offset, piece, source));
      if (got < want) {
        return Fail(ErrorKind::kCorrupt, "{}: ends before the range that was to be copied", source);
      }
      SLUICE_RETURN_IF_ERROR(Append(piece));
      offset += static_cast<int64_t>(want);
      length -= static_cast<int64_t>(want);
    }
    return {};
  }

  Result<PendingUpload> Finish() override {
    SLUICE_RETURN_IF_ERROR(SyncFile(file_.get(), DataPath()));
    SLUICE_RETURN_IF_ERROR(SyncFolder(folder_));
    PendingUpload upload;
    upload.key = key_;
    upload.upload_id = id_;
    upload.parts = {UploadedPart{1, "", size_}};
    upload.size = size_;
    upload.checksum = checksum_.ToString();
    file_ = FileDescriptor();
    return upload;
  }

 private:
  std::string DataPath() const { return folder_ + "/data"; }

  std::string root_, folder_;
  Key key_;
  std::string id_;
  FileDescriptor file_;
  Crc64Nvme checksum_;
  int64_t size_ = 0;
};

}  // namespace

LocalStaging::LocalStaging(std::string root)
    : root_(std::move(root)), folder_(root_ + "/" + kLocalStagingFolder) {}

Result<std::string> LocalStaging::WriteTemporary(std::string_view bytes) const {
  const std::string path = folder_ + "/put-" + NewId();
  Status written;
  SLUICE_RETURN_IF_ERROR(InFolder(folder_, [&] {
    written = WriteNewFile(path, bytes);
    return !written && written.error().kind == ErrorKind::kNotFound ? ENOENT : 0;
  }));
  if (!written) {
    unlink(path.c_str());
    return Fail(std::move(written).error());
  }
  return path;
}

Result<std::unique_ptr<UploadWriter>> LocalStaging::Start(const Key& key) const {
  const std::string id = NewId();
  const std::string folder = folder_ + "/" + id;
  SLUICE_ASSIGN_OR_RETURN(const int error, InFolder(folder_, [&] {
                            return mkdir(folder.c_str(), 0777) == 0 ? 0 : errno;
                          }));
  if (error != 0) return Fail(ErrnoError(error, "creating", folder));
  SLUICE_RETURN_IF_ERROR(WriteNewFile(folder + "/key", key));
  SLUICE_ASSIGN_OR_RETURN(FileDescriptor file, CreateFile(folder + "/data"));
  return std::make_unique<LocalUpload>(root_, folder, key, id, std::move(file));
}

Result<CompleteOutcome> LocalStaging::Complete(const PendingUpload& upload) const {
  if (!IsUploadId(upload.upload_id)) return CompleteOutcome::kNoSuchUpload;
  const std::string staged = folder_ + "/" + upload.upload_id + "/data";
  const std::string target = root_ + "/" + upload.key;
  SLUICE_ASSIGN_OR_RETURN(const int error, InFolder(FolderOf(target), [&] {
                            return link(staged.c_str(), target.c_str()) == 0 ? 0 : errno;
                          }));
  if (error != 0) {
    if (error == ENOENT) return CompleteOutcome::kNoSuchUpload;
    if (error != EEXIST) return Fail(ErrnoError(error, "making visible", target));
    // Names are never used twice: what stands there is this very upload, completed before.
    struct stat info {};
    if (stat(target.c_str(), &info) != 0 || info.st_size != upload.size) {
      return Fail(ErrorKind::kConflict, "{}: another file of that name is there", target);
    }
  }
  SLUICE_RETURN_IF_ERROR(SyncEntry(target));
  SLUICE_RETURN_IF_ERROR(Abort(upload.upload_id));
  return CompleteOutcome::kCompleted;
}

Status LocalStaging::Abort(const std::string& upload_id) const {
  if (!IsUploadId(upload_id)) return {};
  const std::string folder = folder_ + "/" + upload_id;
  // The bytes go first: without them the upload cannot be completed.
  for (const char* file : {"/data", "/key"}) {
    const std::string path = folder + file;
    if (unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
      return Fail(ErrnoError(errno, "removing", path));
    }
  }
  if (rmdir(folder.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
    return Fail(ErrnoError(errno, "removing", folder));
  }
  // The staging folder itself stays: another process may be about to write there.
  return {};
}

Status LocalStaging::List(const Key& prefix,
                          const std::function<bool(const PendingUploadInfo&)>& visit) const {
  const auto entries = ReadFolder(folder_);
  if (!entries && entries.error().kind == ErrorKind::kNotFound) return {};
  if (!entries) return Fail(entries.error());
  std::vector<PendingUploadInfo> found;
  for (const auto& entry : *entries) {
    const std::string& id = entry.name;
    if (!IsUploadId(id)) continue;
    const std::string key_file = folder_ + "/" + id + "/key";
    auto file = OpenForReading(key_file);
    // Begun or removed this very moment.
    if (!file && file.error().kind == ErrorKind::kNotFound) continue;
    if (!file) return Fail(std::move(file).error());
    std::string key(4096, '\0');
    SLUICE_ASSIGN_OR_RETURN(
        const size_t size,
        ReadSome(file->get(), 0, {reinterpret_cast<uint8_t*>(key.data()), key.size()}, key_file));
    key.resize(size);
    if (!key.starts_with(prefix)) continue;
    struct stat info {};
    if (fstat(file->get(), &info) != 0) return Fail(ErrnoError(errno, "looking up", key_file));
    found.push_back({key, id, ModifiedAt(info)});
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.key, a.upload_id) < std::pair(b.key, b.upload_id);
  });
  for (const auto& upload : found) {
    if (!visit(upload)) break;
  }
  return {};
}

}  // namespace sluice::store
