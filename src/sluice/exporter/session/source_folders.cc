#include "sluice/exporter/session/source_folders.h"

#include <algorithm>
#include <utility>

namespace sluice::exporter {
namespace {

/// Scheme and bucket.
std::string RootOf(const store::Location& location) {
  const bool is_local = location.scheme == store::Location::Scheme::kLocal;
  return (is_local ? "file:" : "s3:") + location.bucket + ":";
}

std::string PathOf(const store::Location& location) {
  std::string path = RootOf(location) + location.path;
  if (!location.path.empty() && path.back() != '/') path += '/';
  return path;
}

}  // namespace

SourceFolders::SourceFolders(const config::Config& config) {
  const MutexLock lock(mutex_);
  for (const auto& table : config.tables) {
    if (!table.path) continue;
    auto named = store::ParseLocation(*table.path, config.folder);
    if (!named) continue;
    store::Location real = store::Resolved(*named);
    Add({table.table, *std::move(named), std::move(real)});
  }
}

void SourceFolders::Add(Source source) {
  paths_.insert(PathOf(source.real));
  sources_.push_back(std::move(source));
}

void SourceFolders::Learn(const std::string& table, const store::Location& named) {
  store::Location real = store::Resolved(named);
  const MutexLock lock(mutex_);
  const bool known = std::any_of(sources_.begin(), sources_.end(), [&](const Source& source) {
    return source.table == table && PathOf(source.real) == PathOf(real);
  });
  if (!known) Add({table, named, std::move(real)});
}

std::vector<SourceFolders::Source> SourceFolders::all() const {
  const MutexLock lock(mutex_);
  return sources_;
}

bool SourceFolders::Touch(const store::Location& place) const {
  const std::string path = PathOf(place);
  const MutexLock lock(mutex_);
  const auto inside = paths_.lower_bound(path);
  if (inside != paths_.end() && inside->starts_with(path)) return true;
  const size_t root = RootOf(place).size();
  if (paths_.contains(path.substr(0, root))) return true;
  for (size_t slash = path.find('/', root); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    if (paths_.contains(path.substr(0, slash + 1))) return true;
  }
  return false;
}

}  // namespace sluice::exporter
