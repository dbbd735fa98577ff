#pragma once

#include "sluice/base/result.h"
#include "sluice/plan/export_task.h"
#include "sluice/transfer/row_export.h"

namespace sluice::transfer {

/// Sends the late rows of one commit to the sink of `row_export`: the inserts of its change files if it has
/// any, else the rows that it added less those that it only rewrote. Rows to compare are held as
/// hashes; where these would need more than `memory_bytes`, the files are read several times, for a
/// share of the hashes each. By kByRowThenWatermark all rows of one watermark are compared at the
/// same time, however many they are.
Status ExportLateCommit(RowExport& row_export, const plan::ExportTask& task,
                        const plan::LateRead& read, const plan::LateCommit& commit,
                        int64_t memory_bytes);

}  // namespace sluice::transfer
