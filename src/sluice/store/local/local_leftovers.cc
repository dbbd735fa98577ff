#include "sluice/store/local/local_leftovers.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sluice/store/local/local_staging.h"
#include "sluice/store/local/posix_file.h"

namespace sluice::store {
namespace {

constexpr const char* kTemporaryPrefix = "put-";

/// Nobody can complete an upload without bytes; its writer makes the file of bytes right after the folder.
/// Yes where it cannot be seen.
bool MayHaveBytes(const std::string& folder) {
  return access((folder + "/data").c_str(), F_OK) == 0 || errno != ENOENT;
}

}  // namespace

Result<std::vector<LocalLeftover>> FindLocalLeftovers(const std::string& root, Timestamp before) {
  const std::string staging = root + "/" + kLocalStagingFolder;
  std::vector<LocalLeftover> found;
  const auto entries = ReadFolder(staging);
  if (!entries && entries.error().kind == ErrorKind::kNotFound) return found;
  if (!entries) return Fail(entries.error());
  for (const auto& entry : *entries) {
    const std::string path = staging + "/" + entry.name;
    struct stat info {};
    if (lstat(path.c_str(), &info) != 0) {
      if (errno == ENOENT) continue;
      return Fail(ErrnoError(errno, "looking up", path));
    }
    if (ModifiedAt(info) >= before) continue;
    const bool is_temporary = S_ISREG(info.st_mode) && entry.name.starts_with(kTemporaryPrefix);
    const bool is_begun = S_ISDIR(info.st_mode) && !MayHaveBytes(path);
    if (is_temporary || is_begun) found.push_back({path, is_temporary ? info.st_size : 0});
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return found;
}

Status RemoveLocalLeftover(const LocalLeftover& leftover) {
  const std::string& path = leftover.path;
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return {};
  if (!S_ISDIR(info.st_mode)) {
    if (unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return Fail(ErrnoError(errno, "removing", path));
  }
  if (MayHaveBytes(path)) return {};
  const std::string key = path + "/key";
  if (unlink(key.c_str()) != 0 && errno != ENOENT) {
    return Fail(ErrnoError(errno, "removing", key));
  }
  if (rmdir(path.c_str()) == 0 || errno == ENOENT || errno == ENOTEMPTY) return {};
  return Fail(ErrnoError(errno, "removing", path));
}

}  // namespace sluice::store
