#include "sluice/store/local/local_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "sluice/store/local/local_staging.h"
#include "sluice/store/local/posix_file.h"

namespace sluice::store {
namespace {

/// As much as a commit of the largest size.
constexpr int64_t kMostGetBytes = int64_t{1} << 30;

class LocalReader : public ObjectReader {
 public:
  LocalReader(FileDescriptor file, int64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}
  int64_t size() const override { return size_; }
  Status ReadAt(int64_t offset, std::span<uint8_t> out) const override {
    SLUICE_ASSIGN_OR_RETURN(const size_t got, ReadSome(file_.get(), offset, out, path_));
    if (got < out.size()) {
      return Fail(ErrorKind::kCorrupt, "{}: ends {} bytes before byte {}", path_, out.size() - got,
                  offset + static_cast<int64_t>(out.size()));
    }
    return {};
  }

 private:
  FileDescriptor file_;
  const int64_t size_;
  const std::string path_;
};

class LocalStore : public ObjectStore {
 public:
  explicit LocalStore(std::string root) : root_(std::move(root)), staging_(root_) {}

  std::string DisplayName(const Key& key) const override {
    return key.empty() ? root_ : root_ + "/" + key;
  }

  Result<ObjectInfo> Head(const Key& key) const override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    const std::string path = PathOf(key);
    struct stat info {};
    if (stat(path.c_str(), &info) != 0) return Fail(ErrnoError(errno, "looking up", path));
    if (!S_ISREG(info.st_mode)) return Fail(ErrorKind::kNotFound, "{}: is not a file", path);
    return ObjectInfo{key, info.st_size, ModifiedAt(info), EtagOf(info)};
  }

  Result<std::string> Get(const Key& key) const override {
    SLUICE_ASSIGN_OR_RETURN(const auto reader, Open(key));
    if (reader->size() > kMostGetBytes) {
      return Fail(ErrorKind::kCorrupt, "{}: {} bytes; sluice reads up to {} at one time",
                  PathOf(key), reader->size(), kMostGetBytes);
    }
    std::string bytes(static_cast<size_t>(reader->size()), '\0');
    SLUICE_RETURN_IF_ERROR(
        reader->ReadAt(0, {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()}));
    return bytes;
  }

  Result<std::unique_ptr<ObjectReader>> Open(const Key& key) const override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    const std::string path = PathOf(key);
    SLUICE_ASSIGN_OR_RETURN(FileDescriptor file, OpenForReading(path));
    struct stat info {};
    if (fstat(file.get(), &info) != 0) return Fail(ErrnoError(errno, "looking up", path));
    if (!S_ISREG(info.st_mode)) return Fail(ErrorKind::kNotFound, "{}: is not a file", path);
    return std::make_unique<LocalReader>(std::move(file), info.st_size, path);
  }

  Status List(const Key& prefix, const Key& start_after,
              const std::function<bool(const ObjectInfo&)>& visit) const override {
    const size_t slash = prefix.rfind('/');
    const std::string folder = slash == Key::npos ? std::string() : prefix.substr(0, slash + 1);
    bool go_on = true;
    return Walk(folder, prefix, start_after, visit, go_on);
  }

  Result<std::vector<std::string>> ListFolders(const Key& prefix) const override {
    SLUICE_ASSIGN_OR_RETURN(const auto entries, SortedEntries(prefix));
    std::vector<std::string> folders;
    for (const auto& entry : entries) {
      if (!entry.is_folder || IsStaging(prefix + entry.name)) continue;
      bool has_objects = false;
      SLUICE_RETURN_IF_ERROR(List(prefix + entry.name, {}, [&](const ObjectInfo&) {
        has_objects = true;
        return false;
      }));
      if (has_objects) folders.push_back(entry.name.substr(0, entry.name.size() - 1));
    }
    std::sort(folders.begin(), folders.end());
    return folders;
  }

  Result<PutOutcome> PutIfAbsent(const Key& key, std::string_view bytes) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    const std::string path = PathOf(key);
    if (access(path.c_str(), F_OK) == 0) return PutOutcome::kAlreadyExists;
    SLUICE_ASSIGN_OR_RETURN(const std::string temporary, staging_.WriteTemporary(bytes));
    const auto linked = InFolder(
        FolderOf(path), [&] { return link(temporary.c_str(), path.c_str()) == 0 ? 0 : errno; });
    unlink(temporary.c_str());
    if (!linked) return Fail(linked.error());
    if (*linked == EEXIST) return PutOutcome::kAlreadyExists;
    if (*linked != 0) return Fail(ErrnoError(*linked, "writing", path));
    SLUICE_RETURN_IF_ERROR(SyncEntry(path));
    return PutOutcome::kCreated;
  }

  Status Put(const Key& key, std::string_view bytes) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    const std::string path = PathOf(key);
    SLUICE_ASSIGN_OR_RETURN(const std::string temporary, staging_.WriteTemporary(bytes));
    const auto renamed = InFolder(
        FolderOf(path), [&] { return rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno; });
    if (!renamed || *renamed != 0) {
      unlink(temporary.c_str());
      return Fail(renamed ? ErrnoError(*renamed, "writing", path) : renamed.error());
    }
    return SyncEntry(path);
  }

  Status Delete(const Key& key) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    const std::string path = PathOf(key);
    if (unlink(path.c_str()) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return {};
      return Fail(ErrnoError(errno, "deleting", path));
    }
    SLUICE_RETURN_IF_ERROR(SyncEntry(path));
    // An object store has no folders: those that hold nothing any more go, too.
    for (std::string folder = FolderOf(path); folder.size() > root_.size();
         folder = FolderOf(folder)) {
      if (rmdir(folder.c_str()) != 0) break;
    }
    return {};
  }

  Result<std::unique_ptr<UploadWriter>> StartUpload(const Key& key) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    return staging_.Start(key);
  }
  Result<CompleteOutcome> CompleteUpload(const PendingUpload& upload) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(upload.key));
    return staging_.Complete(upload);
  }
  Status AbortUpload(const Key& key, const std::string& upload_id) override {
    SLUICE_RETURN_IF_ERROR(ValidateKey(key));
    return staging_.Abort(upload_id);
  }
  Status ListUploads(const Key& prefix,
                     const std::function<bool(const PendingUploadInfo&)>& visit) const override {
    return staging_.List(prefix, visit);
  }

 private:
  std::string PathOf(const Key& key) const { return root_ + "/" + key; }
  static bool IsStaging(const std::string& folder) {
    return folder == std::string(kLocalStagingFolder) + "/";
  }

  /// The entries of one folder in the order of keys, for which the names of folders end in '/'; nothing where
  /// there is no such a folder.
  Result<std::vector<FolderEntry>> SortedEntries(const std::string& folder) const {
    auto entries = ReadFolder(root_ + "/" + folder);
    if (!entries && entries.error().kind == ErrorKind::kNotFound) {
      return std::vector<FolderEntry>{};
    }
    if (!entries) return entries;
    for (auto& entry : *entries) {
      if (entry.is_folder) entry.name += '/';
    }
    std::sort(entries->begin(), entries->end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return entries;
  }

  Status Walk(const std::string& folder, const Key& prefix, const Key& start_after,
              const std::function<bool(const ObjectInfo&)>& visit, bool& go_on) const {
    SLUICE_ASSIGN_OR_RETURN(const auto entries, SortedEntries(folder));
    for (const auto& entry : entries) {
      const Key key = folder + entry.name;
      if (entry.is_folder) {
        const bool inside = key.starts_with(prefix) || prefix.starts_with(key);
        const bool passed = key < start_after && !start_after.starts_with(key);
        if (!inside || passed || IsStaging(key)) continue;
        SLUICE_RETURN_IF_ERROR(Walk(key, prefix, start_after, visit, go_on));
      } else if (key.starts_with(prefix) && key > start_after) {
        auto info = Head(key);
        if (!info) {
          // Deleted since the folder was read, or no regular file.
          if (info.error().kind == ErrorKind::kNotFound) continue;
          return Fail(std::move(info).error());
        }
        go_on = visit(*info);
      }
      if (!go_on) return {};
    }
    return {};
  }

  const std::string root_;
  const LocalStaging staging_;
};

}  // namespace

std::shared_ptr<ObjectStore> OpenLocalStore(std::string root) {
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  return std::make_shared<LocalStore>(std::move(root));
}

}  // namespace sluice::store
