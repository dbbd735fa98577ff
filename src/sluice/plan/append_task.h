#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/snapshot/snapshot.h"
#include "sluice/plan/append_plan.h"
#include "sluice/plan/export_task.h"

namespace sluice::plan {

/// The task of one planned window or backfill: every live file that may hold a row of (start, end].
/// `snapshot` is the source at the planned version with statistics of the watermark.
Result<ExportTask> MakeWindowTask(const config::Table& table, const PlannedExport& planned,
                                  const delta::Snapshot& snapshot);

/// Whether a file whose watermarks are at most `max`, as statistics say, holds no row of a window that begins at `start`
/// or later.
bool EndsBy(const delta::Field& watermark, const delta::StatisticValue& max, const TimeZone& zone,
            Timestamp start);

/// The task of late rows. `commits` are those of (scanned_through, source_version].
Result<ExportTask> MakeLateTask(const config::Table& table, const PlannedExport& planned,
                                const delta::Snapshot& snapshot,
                                const std::vector<delta::Commit>& commits);

/// What the commits did that may have brought late rows into (start, end]: commits whose operation only
/// rewrites rows (DELETE, UPDATE, OPTIMIZE, RESTORE, a MERGE that inserted nothing) and files
/// whose statistics lie outside are left out.
std::vector<LateCommit> FindLateCommits(const std::vector<delta::Commit>& commits,
                                        const delta::Field& watermark, const TimeZone& zone,
                                        const TimeWindow& window);

}  // namespace sluice::plan
