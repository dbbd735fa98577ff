#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"

/// PROTOCOL.md, "Row Tracking": stable ids of rows, and the version that last wrote each.
namespace sluice::delta {

/// The hidden columns of data files in which a row keeps what its file does not say of all its rows. "" where the
/// table names none.
struct RowTrackingColumns {
  std::string row_id, row_commit_version;
};
RowTrackingColumns RowTrackingColumnsOf(const Metadata& metadata);

/// True if the protocol lists the feature: each data file has ids for its rows.
bool SupportsRowTracking(const Protocol& protocol);
/// True if ids are stable, too: rows that are copied keep theirs (delta.enableRowTracking).
bool TracksRows(const Protocol& protocol, const Metadata& metadata);

/// The highest id that any row was given, -1 if none: the domain delta.rowTracking. kCorrupt where it cannot be read,
/// for an id must never be given twice.
Result<int64_t> HighWaterMarkOf(const std::map<std::string, DomainMetadata>& domains);
DomainMetadata HighWaterMark(int64_t id);

}  // namespace sluice::delta
