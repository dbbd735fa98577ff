#include "sluice/delta/log/action_json.h"

namespace sluice::delta {
namespace {

ActionJson ToJson(const PartitionValues& values) {
  ActionJson json = ActionJson::object();
  for (const auto& [column, value] : values) {
    json[column] = value ? ActionJson(*value) : ActionJson(nullptr);
  }
  return json;
}

ActionJson ToJson(const std::map<std::string, std::string>& entries) {
  ActionJson json = ActionJson::object();
  for (const auto& [key, value] : entries) json[key] = value;
  return json;
}

void Put(ActionJson& json, const RowTrackingIds& ids) {
  if (ids.base_row_id) json["baseRowId"] = *ids.base_row_id;
  if (ids.default_row_commit_version) {
    json["defaultRowCommitVersion"] = *ids.default_row_commit_version;
  }
}

ActionJson ToJson(const DeletionVectorDescriptor& dv) {
  ActionJson json;
  json["storageType"] = std::string(1, dv.storage_type);
  json["pathOrInlineDv"] = dv.path_or_inline_dv;
  if (dv.offset) json["offset"] = *dv.offset;
  json["sizeInBytes"] = dv.size_in_bytes;
  json["cardinality"] = dv.cardinality;
  return json;
}

}  // namespace

ActionJson ToJson(const CommitInfo& info) {
  ActionJson json = ActionJson::object();
  // First, so that a reader finds it without reading the rest.
  if (info.in_commit_timestamp) json["inCommitTimestamp"] = *info.in_commit_timestamp;
  if (info.timestamp) json["timestamp"] = *info.timestamp;
  if (!info.operation.empty()) {
    json["operation"] = info.operation;
    json["operationParameters"] = ToJson(info.operation_parameters);
  }
  if (info.read_version) json["readVersion"] = *info.read_version;
  if (!info.isolation_level.empty()) json["isolationLevel"] = info.isolation_level;
  if (info.is_blind_append) json["isBlindAppend"] = *info.is_blind_append;
  if (!info.operation.empty()) json["operationMetrics"] = ToJson(info.operation_metrics);
  if (!info.engine_info.empty()) json["engineInfo"] = info.engine_info;
  if (!info.txn_id.empty()) json["txnId"] = info.txn_id;
  return json;
}

ActionJson ToJson(const Protocol& protocol) {
  ActionJson json;
  json["minReaderVersion"] = protocol.min_reader_version;
  json["minWriterVersion"] = protocol.min_writer_version;
  if (protocol.min_reader_version >= 3) json["readerFeatures"] = protocol.reader_features;
  if (protocol.min_writer_version >= 7) json["writerFeatures"] = protocol.writer_features;
  return json;
}

ActionJson ToJson(const Metadata& metadata) {
  ActionJson json;
  json["id"] = metadata.id;
  if (!metadata.name.empty()) json["name"] = metadata.name;
  if (!metadata.description.empty()) json["description"] = metadata.description;
  json["format"] = {{"provider", "parquet"}, {"options", ActionJson::object()}};
  json["schemaString"] =
      metadata.schema_string.empty() ? SchemaToJson(metadata.schema) : metadata.schema_string;
  json["partitionColumns"] = metadata.partition_columns;
  json["configuration"] = ToJson(metadata.configuration);
  if (metadata.created_time) json["createdTime"] = *metadata.created_time;
  return json;
}

ActionJson ToJson(const SetTransaction& txn) {
  ActionJson json;
  json["appId"] = txn.app_id;
  json["version"] = txn.version;
  if (txn.last_updated) json["lastUpdated"] = *txn.last_updated;
  return json;
}

ActionJson ToJson(const AddFile& add) {
  ActionJson json;
  json["path"] = add.path;
  json["partitionValues"] = ToJson(add.partition_values);
  json["size"] = add.size;
  json["modificationTime"] = add.modification_time;
  json["dataChange"] = add.data_change;
  if (!add.stats.empty()) json["stats"] = add.stats;
  if (!add.tags.empty()) json["tags"] = ToJson(add.tags);
  if (add.deletion_vector) json["deletionVector"] = ToJson(*add.deletion_vector);
  Put(json, add.ids);
  if (!add.clustering_provider.empty()) json["clusteringProvider"] = add.clustering_provider;
  return json;
}

ActionJson ToJson(const RemoveFile& remove) {
  ActionJson json;
  json["path"] = remove.path;
  if (remove.deletion_timestamp) json["deletionTimestamp"] = *remove.deletion_timestamp;
  json["dataChange"] = remove.data_change;
  json["extendedFileMetadata"] = remove.extended_file_metadata;
  if (remove.extended_file_metadata) {
    json["partitionValues"] = ToJson(remove.partition_values);
    json["size"] = remove.size.value_or(0);
  }
  if (remove.deletion_vector) json["deletionVector"] = ToJson(*remove.deletion_vector);
  Put(json, remove.ids);
  return json;
}

ActionJson ToJson(const AddCdcFile& cdc) {
  ActionJson json;
  json["path"] = cdc.path;
  json["partitionValues"] = ToJson(cdc.partition_values);
  json["size"] = cdc.size;
  json["dataChange"] = false;
  return json;
}

ActionJson ToJson(const DomainMetadata& domain) {
  ActionJson json;
  json["domain"] = domain.domain;
  json["configuration"] = domain.configuration;
  json["removed"] = domain.removed;
  return json;
}

std::string Dump(const ActionJson& json) {
  return json.dump(-1, ' ', false, ActionJson::error_handler_t::replace);
}

}  // namespace sluice::delta
