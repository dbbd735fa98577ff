#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/types.h"
#include "sluice/delta/schema/partition_value.h"
#include "sluice/delta/schema/schema.h"

/// PROTOCOL.md, "Actions". Fields that sluice never looks at are left out.
namespace sluice::delta {

struct DeletionVectorDescriptor {
  char storage_type = 'u';  ///< 'u' relative file by uuid, 'p' absolute path, 'i' inline
  std::string path_or_inline_dv;
  std::optional<int32_t> offset;
  int32_t size_in_bytes = 0;
  int64_t cardinality = 0;  ///< rows masked
  bool operator==(const DeletionVectorDescriptor&) const = default;
  /// PROTOCOL.md: storageType + pathOrInlineDv + "@" + offset; part of a logical file's identity.
  std::string UniqueId() const;
};

/// PROTOCOL.md, "Row Tracking": what holds for the rows of a file whose hidden columns say nothing else.
struct RowTrackingIds {
  std::optional<int64_t> base_row_id;  ///< the id of its first row; each next one has the next id
  std::optional<int64_t> default_row_commit_version;  ///< the version that last wrote its rows
  bool operator==(const RowTrackingIds&) const = default;
};

struct AddFile {
  std::string path;  ///< as in the log: URI-encoded, relative to the table or absolute
  PartitionValues partition_values;
  std::map<std::string, std::string> tags;
  std::string clustering_provider;  ///< who clustered its rows; "" if nobody
  int64_t size = 0;                 ///< bytes
  int64_t modification_time = 0;    ///< ms since the epoch
  bool data_change = true;
  std::string stats;  ///< JSON, "" if none
  std::optional<DeletionVectorDescriptor> deletion_vector;
  RowTrackingIds ids;
};

struct RemoveFile {
  std::string path;
  std::optional<int64_t> deletion_timestamp;  ///< ms
  bool data_change = true;
  bool extended_file_metadata = false;
  PartitionValues partition_values;  ///< present iff extended_file_metadata
  std::optional<int64_t> size;
  std::optional<DeletionVectorDescriptor> deletion_vector;
  RowTrackingIds ids;
};

/// A change data file ("cdc" action).
struct AddCdcFile {
  std::string path;
  PartitionValues partition_values;
  int64_t size = 0;
};

struct Metadata {
  std::string id;  ///< the table id: changes when a table is re-created
  std::string name, description;
  std::string schema_string;
  TableSchema schema;
  std::vector<std::string> partition_columns;
  std::map<std::string, std::string> configuration;
  std::optional<int64_t> created_time;  ///< ms
};

struct Protocol {
  int min_reader_version = 1;
  int min_writer_version = 2;
  std::vector<std::string> reader_features;
  std::vector<std::string> writer_features;
};

struct SetTransaction {
  std::string app_id;
  int64_t version = 0;
  std::optional<int64_t> last_updated;  ///< ms
};

struct DomainMetadata {
  std::string domain, configuration;
  bool removed = false;
};

struct CommitInfo {
  std::string operation;                                 ///< "WRITE", "MERGE", ... "" if absent
  std::map<std::string, std::string> operation_metrics;  ///< values as strings
  std::map<std::string, std::string> operation_parameters;
  std::optional<int64_t> timestamp;            ///< ms, writer's clock
  std::optional<int64_t> in_commit_timestamp;  ///< ms
  std::string engine_info;
  std::optional<int64_t> read_version;  ///< the version that the writer built on
  std::optional<bool> is_blind_append;
  std::string isolation_level, txn_id;  ///< "" if absent
};

/// One commit file's actions, by kind.
struct Commit {
  Version version;
  std::optional<CommitInfo> info;
  std::optional<Protocol> protocol;
  std::optional<Metadata> metadata;
  std::vector<AddFile> adds;
  std::vector<RemoveFile> removes;
  std::vector<AddCdcFile> cdc;
  std::vector<SetTransaction> transactions;
  std::vector<DomainMetadata> domains;
};

/// What the top-level file of a v2 checkpoint holds (PROTOCOL.md, "V2 Spec").
struct CheckpointActions {
  Commit actions;                     ///< its version stays -1
  std::optional<Version> version;     ///< of its checkpointMetadata
  std::vector<std::string> sidecars;  ///< their paths, as written
};

}  // namespace sluice::delta
