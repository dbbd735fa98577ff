#pragma once

#include <functional>
#include <memory>

#include "sluice/delta/log/staged_commits.h"
#include "sluice/store/object_store.h"

namespace sluice::testing {

/// Where a commit of a table lies that a catalog manages.
enum class CommitPlace {
  kPublished,       ///< in the log alone; the catalog has forgotten it
  kStaged,          ///< in its staged file, which the catalog names
  kBoth,            ///< published, and the catalog still names the staged file
  kPublishedSince,  ///< likewise, but the staged file is gone
  kInline,          ///< with the catalog alone
};

/// A table as a catalog manages it.
struct ManagedTable {
  std::shared_ptr<store::ObjectStore> store;
  delta::StagedCommits commits;  ///< what the catalog says
};

struct ManageOptions {
  Version latest;  ///< what the catalog says; later versions that lie in the log stay there
  Version managed_from{0};  ///< whose commit gives the table the feature catalogManaged
  /// Where each version up to `latest` lies. After the first that the catalog names, it names all.
  std::function<CommitPlace(Version)> place = [](Version) { return CommitPlace::kPublished; };
};

/// A copy in memory of the table in `published`, whose commits carry in-commit timestamps. A published commit beside
/// its staged file holds garbage: what the catalog names rules.
ManagedTable Manage(const store::ObjectStore& published, const ManageOptions& options);

}  // namespace sluice::testing
