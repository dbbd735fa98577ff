#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/commit_authority.h"

namespace sluice::delta {

/// Whether a catalog manages the commits of such a table.
bool IsCatalogManaged(const Protocol& protocol);

/// Every reader feature that `protocol` and `metadata` demand and this program lacks (PROTOCOL.md,
/// "Table Features", "Reader Version Requirements"), in the order in which the table lists them, e.g.
/// {"columnMapping (mode name)", "variantType"}. Empty: the table can be read. A table that a catalog manages can be
/// read only with the catalog's word on its commits.
std::vector<std::string> UnsupportedReaderFeatures(
    const Protocol& protocol, const Metadata& metadata,
    CommitAuthority authority = CommitAuthority::kLog);

/// kUnsupported naming the table, every reader feature of `protocol`/`metadata` that this program can't read, and
/// what to do; where the table was moved elsewhere, that place, too.
Status CheckReadable(const Protocol& protocol, const Metadata& metadata, std::string_view table,
                     CommitAuthority authority = CommitAuthority::kLog);

}  // namespace sluice::delta
