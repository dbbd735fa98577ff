#pragma once

#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {

/// kUnsupported, naming the column and the value, where one of `columns` is a partition column with a value in
/// a file of `snapshot` that cannot be read: what reading that file would say.
Status RequireReadablePartitions(const Snapshot& snapshot, const std::vector<Field>& columns,
                                 const TimeZone& zone);

/// kUnsupported where `column` is a partition column that has values, and none of them is one of its type: Spark
/// reads all of them as NULL.
Status RequireAnyPartitionValue(const Snapshot& snapshot, const Field& column,
                                const TimeZone& zone);

}  // namespace sluice::delta
