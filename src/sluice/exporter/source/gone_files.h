#pragma once

#include <set>
#include <string>
#include <vector>

#include "sluice/delta/feed/change_feed.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/exporter/session/session.h"

/// Files of the source that versions still name and that a vacuum has taken.
namespace sluice::exporter {

/// A file below the table's folder, and the version whose actions name it.
struct NamedFile {
  Version version;
  store::Key key;
};

/// Those of `files` that are not there any more, in their order; one request a file, many at once.
Result<std::vector<NamedFile>> FindGone(const Session& session,
                                        const std::vector<NamedFile>& files);

/// "version 4", "versions 4 to 7", "versions 1, 3, 4 and 5 more".
std::string VersionsText(const std::set<Version>& versions);

/// Why the changes of some versions of a feed can't be read although the log tells them.
struct LostChanges {
  Version first;  ///< the first such version
  Error
      error;  ///< kSourceGone: the versions, a file, the first version that can be read, the remedy
};

/// Looks for every file that holds a change of `range` and is not live in `snapshot`, whose files are
/// taken to be there: a vacuum leaves them. nullopt: nothing is lost.
Result<std::optional<LostChanges>> FindLostChanges(const Session& session,
                                                   const delta::Snapshot& snapshot,
                                                   const delta::FeedRange& range);

}  // namespace sluice::exporter
