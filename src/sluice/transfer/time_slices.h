#pragma once

#include <cstdint>
#include <vector>

#include "sluice/plan/export_task.h"

namespace sluice::transfer {

/// False where the log's bounds of `file` leave no room for a row of `window`.
bool MayHoldRowsOf(const plan::TimeWindow& window, const plan::SourceFile& file);

struct SliceOptions {
  int64_t memory_bytes = 0;  ///< for rows that wait to be encoded
  int max_open_files = 0;
  int64_t partition_micros = 0;  ///< length of a partition
};

/// Where to cut a window so that going over the files once a slice keeps each partition's rows
/// together: ascending instants inside the window, empty for one pass. More than one pass pays only
/// where files span so many partitions that neither memory nor open files could hold them at the
/// same time, and each partition would go out in many small files. Sorted files never need it.
///
/// Pure; takes the rows of a file as spread evenly between its bounds.
std::vector<int64_t> CutIntoSlices(const std::vector<plan::SourceFile>& files,
                                   const plan::TimeWindow& window, const SliceOptions& options);

}  // namespace sluice::transfer
