#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

struct stat;

/// The few calls of the operating system that a local store is made of, each with durability said
/// and errors as ours.
namespace sluice::store {

/// `error_number` (errno) as an Error naming `action` and `path`: ENOENT and ENOTDIR are kNotFound, EACCES, EPERM and
/// EROFS kPermission, a full disk or quota kStorage with its remedy, the rest kStorage.
Error ErrnoError(int error_number, std::string_view action, const std::string& path);

/// Owns a file descriptor. Not copyable.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

Timestamp ModifiedAt(const struct stat& info);
/// Changes whenever the file at a path is replaced or written to: which file it is, its size and its
/// time of modification.
std::string EtagOf(const struct stat& info);

/// Never waits, even where the path is a pipe that nobody writes to.
Result<FileDescriptor> OpenForReading(const std::string& path);
/// kAlreadyExists if something is there.
Result<FileDescriptor> CreateFile(const std::string& path);
Status WriteAll(int fd, std::span<const uint8_t> bytes, const std::string& path);
/// Until the file ends or `out` is full; returns how many bytes came.
Result<size_t> ReadSome(int fd, int64_t offset, std::span<uint8_t> out, const std::string& path);
Status SyncFile(int fd, const std::string& path);
/// Makes the entries of a folder durable.
Status SyncFolder(const std::string& path);
/// Makes the entry `path` durable, or its absence. A folder that is gone took the entry with it: another
/// process deleted the last one.
Status SyncEntry(const std::string& path);
/// mkdir -p; every folder that it makes is durable in its parent.
Status MakeFolders(const std::string& path);
/// Writes a new file durably (contents only; its entry needs SyncFolder).
Status WriteNewFile(const std::string& path, std::string_view bytes);

/// Calls `action`, which makes something inside `folder`, once the folder is there; again where another
/// process removed the folder, empty as it was, in between. `action` returns 0 or an errno; so does this.
Result<int> InFolder(const std::string& folder, const std::function<int()>& action);

struct FolderEntry {
  std::string name;
  bool is_folder = false;  ///< a symbolic link is what it points to
};
/// All entries of a folder but "." and "..", in any order; links that point nowhere are left out. kNotFound where
/// there is no such a folder. Never a part of them without an error: deletions rely on it.
Result<std::vector<FolderEntry>> ReadFolder(const std::string& path);

/// The folder that `path` lies in.
std::string FolderOf(const std::string& path);

}  // namespace sluice::store
