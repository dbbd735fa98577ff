#include "sluice/cli/config_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

Error Failed(const char* what, const std::string& path) {
  const int cause = errno;
  const bool denied = cause == EACCES || cause == EPERM || cause == EROFS;
  return Error{denied ? ErrorKind::kPermission : ErrorKind::kStorage,
               fmt::format("{} cannot be {}: {}", path, what, std::strerror(cause)),
               denied ? "choose a place that you may write to with --config FILE"
                      : "make room or choose another place with --config FILE"};
}

/// A file beside the config that goes when it is left.
class Temporary {
 public:
  explicit Temporary(const ConfigFile& file)
      : path_(fmt::format("{}.{}.tmp", file.path, getpid())) {}
  ~Temporary() { unlink(path_.c_str()); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  const char* path() const { return path_.c_str(); }
  bool Write(std::string_view text, mode_t mode) const {
    const int file = open(path(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (file < 0) return false;
    bool written = true;
    while (written && !text.empty()) {
      const ssize_t n = write(file, text.data(), text.size());
      if (n < 0 && errno == EINTR) continue;
      written = n >= 0;
      if (written) text.remove_prefix(static_cast<size_t>(n));
    }
    written = written && fsync(file) == 0;
    const int cause = errno;
    const bool closed = close(file) == 0;
    if (!written) errno = cause;
    return written && closed;
  }

 private:
  std::string path_;
};

}  // namespace

Result<ConfigFile> FindConfigFile(const std::string& path) {
  std::error_code error;
  fs::path absolute = fs::absolute(path, error);
  if (!error && fs::exists(absolute, error)) absolute = fs::canonical(absolute, error);
  if (error) {
    return Fail(Error{ErrorKind::kConfig, fmt::format("{}: {}", path, error.message()),
                      "name the config with --config FILE"});
  }
  return ConfigFile{absolute.string(), absolute.parent_path().string(),
                    fs::exists(absolute, error)};
}

Result<std::string> ReadText(const ConfigFile& file) {
  std::ifstream in(file.path, std::ios::binary);
  std::ostringstream text;
  if (in.is_open() && in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (!in.is_open() || in.bad()) return Fail(Failed("read", file.path));
  return text.str();
}

Status WriteText(const ConfigFile& file, std::string_view text) {
  constexpr mode_t kNewFile = 0666, kPermissions = 07777;
  mode_t mode = kNewFile;
  struct stat before = {};
  if (file.exists && stat(file.path.c_str(), &before) == 0) mode = before.st_mode & kPermissions;
  const Temporary temporary(file);
  if (!temporary.Write(text, mode)) return Fail(Failed("written", file.path));
  if (file.exists) {
    const bool replaced =
        chmod(temporary.path(), mode) == 0 && std::rename(temporary.path(), file.path.c_str()) == 0;
    if (!replaced) return Fail(Failed("replaced", file.path));
    return {};
  }
  if (link(temporary.path(), file.path.c_str()) == 0) return {};
  if (errno == EEXIST) {
    return Fail(Error{ErrorKind::kAlreadyExists,
                      fmt::format("{} was created by someone else in the meantime", file.path),
                      "look at that file, or name another one with --config FILE"});
  }
  return Fail(Failed("written", file.path));
}

}  // namespace sluice::cli
