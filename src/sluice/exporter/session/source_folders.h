#pragma once

#include <set>
#include <string>
#include <vector>

#include "sluice/base/mutex.h"
#include "sluice/config/config.h"
#include "sluice/store/location.h"

namespace sluice::exporter {

/// Where the sources of a config really lie. Asks the file system when it is made, once for each source, so that the
/// tables of a command need not ask about each other's. Thread-safe.
class SourceFolders {
 public:
  struct Source {
    std::string table;            ///< of state and notices
    store::Location named, real;  ///< as the user wrote it, and where it really is
  };

  /// Leaves out tables without a path, and with one that is not valid: opening it reports that.
  explicit SourceFolders(const config::Config& config);

  /// Where the catalog says that `table`, which has no path, lies.
  void Learn(const std::string& table, const store::Location& named);

  /// In the order of the config, then in which they were learned.
  std::vector<Source> all() const;
  /// Whether `place` lies in a source, or a source in it. Give it a resolved location.
  bool Touch(const store::Location& place) const;

 private:
  void Add(Source source) SLUICE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::vector<Source> sources_ SLUICE_GUARDED_BY(mutex_);
  /// Of `real`: one that holds another is the beginning of it.
  std::set<std::string> paths_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::exporter
