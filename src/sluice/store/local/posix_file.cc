#include "sluice/store/local/posix_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::store {

Error ErrnoError(int error_number, std::string_view action, const std::string& path) {
  Error error{ErrorKind::kStorage,
              fmt::format("{}: {} failed: {}", path, action, std::strerror(error_number)),
              {}};
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      error.kind = ErrorKind::kNotFound;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      error.kind = ErrorKind::kPermission;
      error.remedy = "give the user that runs sluice the right to do so, or choose another folder";
      break;
    case ENOSPC:
    case EDQUOT:
      error.remedy = "free space on that file system and run again; nothing is lost";
      break;
    case EEXIST:
      error.kind = ErrorKind::kAlreadyExists;
      break;
    case EMFILE:
    case ENFILE:
      error.remedy = "raise the limit of open files (ulimit -n)";
      break;
    default:
      break;
  }
  return error;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) close(fd_);
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Timestamp ModifiedAt(const struct stat& info) {
  return Timestamp{info.st_mtim.tv_sec * 1'000'000 + info.st_mtim.tv_nsec / 1'000};
}

std::string EtagOf(const struct stat& info) {
  return fmt::format("{:x}-{:x}-{:x}.{:09}", info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

Result<FileDescriptor> OpenForReading(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Fail(ErrnoError(errno, "opening", path));
  return FileDescriptor(fd);
}

Result<FileDescriptor> CreateFile(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return Fail(ErrnoError(errno, "creating", path));
  return FileDescriptor(fd);
}

Status WriteAll(int fd, std::span<const uint8_t> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return Fail(ErrnoError(errno, "writing", path));
    }
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return {};
}

Result<size_t> ReadSome(int fd, int64_t offset, std::span<uint8_t> out, const std::string& path) {
  size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = pread(fd, out.data() + done, out.size() - done,
                            static_cast<off_t>(offset + static_cast<int64_t>(done)));
    if (n < 0) {
      if (errno == EINTR) continue;
      return Fail(ErrnoError(errno, "reading", path));
    }
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return done;
}

Status SyncFile(int fd, const std::string& path) {
  if (fsync(fd) != 0) return Fail(ErrnoError(errno, "syncing", path));
  return {};
}

Status SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Fail(ErrnoError(errno, "opening", path));
  const FileDescriptor folder(fd);
  // Some network file systems can't sync a folder and say so; there is nothing better to do.
  if (fsync(fd) != 0 && errno != EINVAL) return Fail(ErrnoError(errno, "syncing", path));
  return {};
}

Status SyncEntry(const std::string& path) {
  Status synced = SyncFolder(FolderOf(path));
  if (!synced && synced.error().kind == ErrorKind::kNotFound) return {};
  return synced;
}

Status MakeFolders(const std::string& path) {
  std::vector<std::string> missing;
  std::string at = path;
  while (mkdir(at.c_str(), 0755) != 0) {
    if (errno == EEXIST) break;
    // ENOTDIR: a file stands somewhere above; it is found, and named, on the way up.
    if (errno != ENOENT && errno != ENOTDIR) {
      return Fail(ErrnoError(errno, "making the folder", at));
    }
    missing.push_back(at);
    const std::string parent = FolderOf(at);
    if (parent == at) return Fail(ErrnoError(ENOENT, "making the folder", at));
    at = parent;
  }
  struct stat info {};
  if (stat(at.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    return Fail(Error{ErrorKind::kStorage, fmt::format("{} is a file, not a folder", at),
                      "move it away or choose another destination"});
  }
  if (!missing.empty() || at == path) SLUICE_RETURN_IF_ERROR(SyncFolder(FolderOf(at)));
  while (!missing.empty()) {
    const std::string folder = std::move(missing.back());
    missing.pop_back();
    if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
      return Fail(ErrnoError(errno, "making the folder", folder));
    }
    SLUICE_RETURN_IF_ERROR(SyncFolder(FolderOf(folder)));
  }
  return {};
}

Status WriteNewFile(const std::string& path, std::string_view bytes) {
  SLUICE_ASSIGN_OR_RETURN(const FileDescriptor file, CreateFile(path));
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  SLUICE_RETURN_IF_ERROR(WriteAll(file.get(), {data, bytes.size()}, path));
  return SyncFile(file.get(), path);
}

Result<int> InFolder(const std::string& folder, const std::function<int()>& action) {
  constexpr int kTries = 100;
  int with_folder = 0;
  for (int i = 0;; ++i) {
    const Status made = MakeFolders(folder);
    if (!made && made.error().kind == ErrorKind::kNotFound && i < kTries) continue;
    SLUICE_RETURN_IF_ERROR(made);
    const int error = action();
    if (error != ENOENT || i == kTries) return error;
    // With the folder there it is something else that lacks, unless the folder was recreated just now.
    if (access(folder.c_str(), F_OK) == 0 && ++with_folder == 3) return error;
  }
}

Result<std::vector<FolderEntry>> ReadFolder(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir(path.c_str()), closedir);
  if (!folder) return Fail(ErrnoError(errno, "listing", path));
  std::vector<FolderEntry> entries;
  while (true) {
    errno = 0;
    const dirent* found = readdir(folder.get());
    if (found == nullptr && errno != 0) return Fail(ErrnoError(errno, "listing", path));
    if (found == nullptr) return entries;
    FolderEntry entry{found->d_name, found->d_type == DT_DIR};
    if (entry.name == "." || entry.name == "..") continue;
    if (found->d_type == DT_LNK || found->d_type == DT_UNKNOWN) {
      const std::string inner = path + "/" + entry.name;
      struct stat info {};
      if (stat(inner.c_str(), &info) != 0) {
        // Gone since, or a link that points nowhere.
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) continue;
        return Fail(ErrnoError(errno, "looking up", inner));
      }
      entry.is_folder = S_ISDIR(info.st_mode);
    }
    entries.push_back(std::move(entry));
  }
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace sluice::store
