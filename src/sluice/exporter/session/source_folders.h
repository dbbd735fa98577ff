#pragma once

#include <set>
#include <string>
#include <vector>

#include "sluice/config/config.h"
#include "sluice/store/location.h"

namespace sluice::exporter {

/// Where the sources of a config really lie. Asks the file system when it is made, once for each source, so that the
/// tables of a command need not ask about each other's. Immutable.
class SourceFolders {
 public:
  struct Source {
    std::string table;            ///< of state and notices
    store::Location named, real;  ///< as the user wrote it, and where it really is
  };

  /// Leaves out tables without a path, and with one that is not valid: opening it reports that.
  explicit SourceFolders(const config::Config& config);

  const std::vector<Source>& all() const { return sources_; }  ///< in the order of the config
  /// Whether `place` lies in a source, or a source in it. Give it a resolved location.
  bool Touch(const store::Location& place) const;

 private:
  std::vector<Source> sources_;
  std::set<std::string> paths_;  ///< of `real`: one that holds another is the beginning of it
};

}  // namespace sluice::exporter
