#pragma once

#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/parquet_file.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/log_replay.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {

/// One complete classic checkpoint (PROTOCOL.md, "Checkpoint Schema"), of one file or of several
/// parts. Only the columns that a snapshot needs are decoded, batch by batch, and the statistics of
/// each file are parsed and dropped at once. Not thread-safe.
///
/// Errors: kCorrupt for what is not a checkpoint, kNotFound for a part that went away, the store's own.
class CheckpointReader {
 public:
  static Result<CheckpointReader> Open(const store::ObjectStore& table_store,
                                       const CheckpointFile& checkpoint);

  /// Protocol, metadata, transactions and domains.
  Status ReadTableState(LogReplay& replay) const;
  /// Live files, and tombstones if `options` want them. After replay.ResolveTable.
  Status ReadFiles(const SnapshotOptions& options, LogReplay& replay) const;

 private:
  std::vector<columnar::ParquetFile> parts_;
};

}  // namespace sluice::delta
