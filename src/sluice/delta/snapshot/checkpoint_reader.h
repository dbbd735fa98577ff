#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/parquet_file.h"
#include "sluice/delta/log/actions.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/snapshot/log_replay.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {

/// What a checkpoint says of the table itself.
struct CheckpointState {
  Protocol protocol;
  Metadata metadata;  ///< its schema not yet parsed
  std::vector<SetTransaction> transactions;
  std::vector<DomainMetadata> domains;
};

/// One checkpoint (PROTOCOL.md, "Checkpoint Schema", "V2 Spec"): of one file, of several parts, or a top-level
/// file in Parquet or JSON with sidecars. Only the columns that a snapshot needs are decoded, batch by batch, and
/// the statistics of each file are parsed and dropped at once. Not thread-safe.
///
/// Errors: kCorrupt for what is not a checkpoint or lacks a sidecar, kNotFound for a part that went away, the
/// store's own.
class CheckpointReader {
 public:
  /// Borrows the store.
  static Result<CheckpointReader> Open(const store::ObjectStore& table_store,
                                       const CheckpointFile& checkpoint);

  /// The keys of the sidecars that it names.
  const std::vector<store::Key>& sidecars() const { return sidecars_; }

  Result<CheckpointState> ReadTableState() const;
  /// Live files, and tombstones if `options` want them. After replay.ResolveTable. A few parts or sidecars are
  /// read side by side.
  Status ReadFiles(const SnapshotOptions& options, LogReplay& replay) const;

 private:
  explicit CheckpointReader(const store::ObjectStore& table_store) : store_(&table_store) {}
  Status OpenJson(const CheckpointFile& checkpoint);
  Status OpenParts(const CheckpointFile& checkpoint);
  Status TakeSidecars(const CheckpointFile& checkpoint, std::optional<Version> version,
                      std::vector<std::string> paths);
  Result<columnar::ParquetFile> OpenSidecar(const store::Key& key) const;

  const store::ObjectStore* store_;
  std::string name_;  ///< of the top-level file or the first part, for messages
  std::vector<columnar::ParquetFile> parts_;
  std::optional<Commit> json_;  ///< the actions of a top-level file in JSON
  std::vector<store::Key> sidecars_;
};

}  // namespace sluice::delta
