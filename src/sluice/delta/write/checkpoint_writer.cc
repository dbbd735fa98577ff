#include "sluice/delta/write/checkpoint_writer.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>

#include <string>
#include <utility>
#include <vector>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/log/action_json.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/snapshot/load_snapshot.h"
#include "sluice/delta/snapshot/snapshot.h"

namespace sluice::delta {
namespace {

using Fields = std::vector<std::shared_ptr<arrow::Field>>;

struct CheckpointRow {
  std::string kind;  ///< "add", "remove", ...: the column
  ActionJson action;
};

std::shared_ptr<arrow::Field> StringMapField(const char* name) {
  return arrow::field(name, arrow::map(arrow::utf8(), arrow::utf8()));
}

Fields DeletionVectorFields() {
  return {arrow::field("storageType", arrow::utf8()), arrow::field("pathOrInlineDv", arrow::utf8()),
          arrow::field("offset", arrow::int32()), arrow::field("sizeInBytes", arrow::int32()),
          arrow::field("cardinality", arrow::int64())};
}

// PROTOCOL.md, "Checkpoint Schema".
std::shared_ptr<arrow::Schema> CheckpointSchema(bool v2) {
  const auto& text = arrow::utf8();
  const auto& number = arrow::int64();
  const auto& flag = arrow::boolean();
  const auto vector = arrow::field("deletionVector", arrow::struct_(DeletionVectorFields()));
  const auto names = [&](const char* name) {
    return arrow::field(name, arrow::list(arrow::field("element", text)));
  };
  const auto format = arrow::struct_({arrow::field("provider", text), StringMapField("options")});
  const Fields txn = {arrow::field("appId", text), arrow::field("version", number),
                      arrow::field("lastUpdated", number)};
  const Fields add = {arrow::field("path", text),
                      StringMapField("partitionValues"),
                      arrow::field("size", number),
                      arrow::field("modificationTime", number),
                      arrow::field("dataChange", flag),
                      StringMapField("tags"),
                      arrow::field("stats", text),
                      vector,
                      arrow::field("baseRowId", number),
                      arrow::field("defaultRowCommitVersion", number),
                      arrow::field("clusteringProvider", text)};
  const Fields remove = {arrow::field("path", text),
                         arrow::field("deletionTimestamp", number),
                         arrow::field("dataChange", flag),
                         arrow::field("extendedFileMetadata", flag),
                         StringMapField("partitionValues"),
                         arrow::field("size", number),
                         vector,
                         arrow::field("baseRowId", number),
                         arrow::field("defaultRowCommitVersion", number)};
  const Fields metadata = {arrow::field("id", text),           arrow::field("name", text),
                           arrow::field("description", text),  arrow::field("format", format),
                           arrow::field("schemaString", text), names("partitionColumns"),
                           StringMapField("configuration"),    arrow::field("createdTime", number)};
  const Fields protocol = {arrow::field("minReaderVersion", arrow::int32()),
                           arrow::field("minWriterVersion", arrow::int32()),
                           names("readerFeatures"), names("writerFeatures")};
  const Fields domain = {arrow::field("domain", text), arrow::field("configuration", text),
                         arrow::field("removed", flag)};
  Fields kinds = {arrow::field("txn", arrow::struct_(txn)),
                  arrow::field("add", arrow::struct_(add)),
                  arrow::field("remove", arrow::struct_(remove)),
                  arrow::field("metaData", arrow::struct_(metadata)),
                  arrow::field("protocol", arrow::struct_(protocol)),
                  arrow::field("domainMetadata", arrow::struct_(domain))};
  if (v2) {
    kinds.push_back(
        arrow::field("checkpointMetadata", arrow::struct_({arrow::field("version", number)})));
  }
  return arrow::schema(std::move(kinds));
}

arrow::Status Append(arrow::ArrayBuilder& builder, const ActionJson* json);

arrow::Status AppendStruct(arrow::StructBuilder& builder, const ActionJson& json) {
  ARROW_RETURN_NOT_OK(builder.Append());
  const std::shared_ptr<arrow::DataType> type = builder.type();
  for (int i = 0; i < type->num_fields(); ++i) {
    const auto member = json.find(type->field(i)->name());
    ARROW_RETURN_NOT_OK(
        Append(*builder.field_builder(i), member == json.end() ? nullptr : &*member));
  }
  return arrow::Status::OK();
}

arrow::Status AppendMap(arrow::MapBuilder& builder, const ActionJson& json) {
  ARROW_RETURN_NOT_OK(builder.Append());
  auto& keys = static_cast<arrow::StringBuilder&>(*builder.key_builder());
  for (const auto& [key, value] : json.items()) {
    ARROW_RETURN_NOT_OK(keys.Append(key));
    ARROW_RETURN_NOT_OK(Append(*builder.item_builder(), &value));
  }
  return arrow::Status::OK();
}

// Appends `json`, or null, to a builder of a type that CheckpointSchema uses.
arrow::Status Append(arrow::ArrayBuilder& builder, const ActionJson* json) {
  if (json == nullptr || json->is_null()) return builder.AppendNull();
  switch (builder.type()->id()) {
    case arrow::Type::STRING:
      return static_cast<arrow::StringBuilder&>(builder).Append(
          json->get_ref<const std::string&>());
    case arrow::Type::INT64:
      return static_cast<arrow::Int64Builder&>(builder).Append(json->get<int64_t>());
    case arrow::Type::INT32:
      return static_cast<arrow::Int32Builder&>(builder).Append(json->get<int32_t>());
    case arrow::Type::BOOL:
      return static_cast<arrow::BooleanBuilder&>(builder).Append(json->get<bool>());
    case arrow::Type::STRUCT:
      return AppendStruct(static_cast<arrow::StructBuilder&>(builder), *json);
    case arrow::Type::MAP:
      return AppendMap(static_cast<arrow::MapBuilder&>(builder), *json);
    case arrow::Type::LIST: {
      auto& list = static_cast<arrow::ListBuilder&>(builder);
      ARROW_RETURN_NOT_OK(list.Append());
      for (const ActionJson& item : *json)
        ARROW_RETURN_NOT_OK(Append(*list.value_builder(), &item));
      return arrow::Status::OK();
    }
    default:
      return arrow::Status::TypeError("no such type in a checkpoint: ", builder.type()->ToString());
  }
}

arrow::Result<std::shared_ptr<arrow::Table>> ToTable(const std::vector<CheckpointRow>& rows,
                                                     bool v2) {
  const auto schema = CheckpointSchema(v2);
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const auto& field : schema->fields()) {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    ARROW_RETURN_NOT_OK(arrow::MakeBuilder(arrow::default_memory_pool(), field->type(), &builder));
    for (const CheckpointRow& row : rows) {
      ARROW_RETURN_NOT_OK(Append(*builder, row.kind == field->name() ? &row.action : nullptr));
    }
    ARROW_ASSIGN_OR_RAISE(auto column, builder->Finish());
    columns.push_back(std::move(column));
  }
  return arrow::Table::Make(schema, columns);
}

Result<std::string> Encode(const std::vector<CheckpointRow>& rows, bool v2,
                           const std::string& context) {
  try {
    SLUICE_ARROW_ASSIGN(const auto table, ToTable(rows, v2), context);
    SLUICE_ARROW_ASSIGN(const auto out, arrow::io::BufferOutputStream::Create(), context);
    const auto properties =
        parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
    SLUICE_ARROW_RETURN(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out,
                                   parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, properties),
        context);
    SLUICE_ARROW_ASSIGN(const auto buffer, out->Finish(), context);
    return buffer->ToString();
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kInternal, "{}: {}", context, e.what());
  }
}

AddFile ToAdd(const LiveFile& file) {
  AddFile add = *file.action;
  add.data_change = false;  // as Spark: nothing changes by a checkpoint
  return add;
}

// The table wants checkpoints of the V2 spec. Ours holds all actions itself and has the classic name, so that two
// of one version are one.
bool WantsV2(const Snapshot& snapshot) {
  const auto& properties = snapshot.metadata.configuration;
  const auto policy = properties.find("delta.checkpointPolicy");
  return policy != properties.end() && policy->second == "v2";
}

std::vector<CheckpointRow> RowsOf(const Snapshot& snapshot, Timestamp now) {
  std::vector<CheckpointRow> rows;
  if (WantsV2(snapshot)) {
    rows.push_back({"checkpointMetadata", ActionJson{{"version", snapshot.version.value}}});
  }
  rows.push_back({"protocol", ToJson(snapshot.protocol)});
  rows.push_back({"metaData", ToJson(snapshot.metadata)});
  for (const auto& [id, txn] : snapshot.transactions) rows.push_back({"txn", ToJson(txn)});
  for (const auto& [name, domain] : snapshot.domains) {
    rows.push_back({"domainMetadata", ToJson(domain)});
  }
  for (const LiveFile& file : snapshot.files) rows.push_back({"add", ToJson(ToAdd(file))});
  const Timestamp expiry = now - PropertiesOf(snapshot.metadata).deleted_file_retention;
  for (RemoveFile remove : snapshot.tombstones) {
    if (remove.deletion_timestamp.value_or(0) <= expiry.micros / 1000) continue;
    remove.data_change = false;
    rows.push_back({"remove", ToJson(remove)});
  }
  return rows;
}

// Moves `_last_checkpoint` forward; never back, so that a slow writer does not undo a newer one's.
Status PointAt(store::ObjectStore& store, Version version, int64_t actions, int64_t bytes,
               int64_t files) {
  if (const auto standing = store.Get(LastCheckpointKey())) {
    const auto json = nlohmann::json::parse(*standing, nullptr, false);
    if (json.is_object() && json.contains("version") && json["version"].is_number_integer() &&
        json["version"].get<int64_t>() >= version.value) {
      return {};
    }
  }
  ActionJson json;
  json["version"] = version.value;
  json["size"] = actions;
  json["sizeInBytes"] = bytes;
  json["numOfAddFiles"] = files;
  return store.Put(LastCheckpointKey(), Dump(json));
}

}  // namespace

Status WriteCheckpoint(const std::shared_ptr<store::ObjectStore>& table_store, Version version,
                       Timestamp now) {
  SnapshotOptions options;
  options.at = version;
  options.with_tombstones = true;
  options.with_actions = true;
  SLUICE_ASSIGN_OR_RETURN(const Snapshot snapshot, LoadSnapshot(Log(table_store), options));
  const std::vector<CheckpointRow> rows = RowsOf(snapshot, now);
  const store::Key key = CheckpointKey(version);
  SLUICE_ASSIGN_OR_RETURN(const std::string bytes,
                          Encode(rows, WantsV2(snapshot), table_store->DisplayName(key)));
  SLUICE_RETURN_IF_ERROR(table_store->PutIfAbsent(key, bytes));
  return PointAt(*table_store, version, static_cast<int64_t>(rows.size()),
                 static_cast<int64_t>(bytes.size()), snapshot.num_files);
}

}  // namespace sluice::delta
