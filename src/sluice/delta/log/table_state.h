#pragma once

#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/commit_authority.h"

namespace sluice::delta {

/// Protocol and metadata in force at one version. DROP FEATURE makes protocols go down again, so that each version
/// of a range is judged by what was in force then, not by the newest.
struct TableState {
  Protocol protocol;
  Metadata metadata;
  CommitAuthority authority = CommitAuthority::kLog;  ///< of the log that they are from

  /// Takes over what `commit` says, whatever comes of it. kUnsupported, as CheckReadable, or kCorrupt where the
  /// table cannot be read as of this commit; its version is named.
  Status Take(const Commit& commit, std::string_view table);
  /// Whether the table can be read as it stands at `version`.
  Status RequireReadable(Version version, std::string_view table) const;
};

}  // namespace sluice::delta
