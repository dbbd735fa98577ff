#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/types.h"

namespace sluice::delta {

/// A commit that the catalog has accepted (PROTOCOL.md, "Catalog-managed tables"): its file lies in
/// `_delta_log/_staged_commits/` and may have been published as `<version>.json` since.
struct StagedCommit {
  Version version;
  std::string file_name;            ///< "<20 digits>.<uuid>.json", without a folder
  int64_t size = 0;                 ///< bytes
  Timestamp modified;               ///< of the file
  Timestamp committed;              ///< the in-commit timestamp
  std::optional<std::string> text;  ///< the commit itself, where the catalog sent it inline
};

/// What a catalog says of the commits of a table that it manages, at one moment.
struct StagedCommits {
  Version latest;  ///< no version above it exists, whatever the log's folder holds
  std::vector<StagedCommit>
      commits;  ///< ascending, without a hole up to `latest`; empty: all are published
};

}  // namespace sluice::delta
