#include "sluice/delta/snapshot/checkpoint_row.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <utility>

#include "sluice/delta/schema/physical_column.h"

namespace sluice::delta {
namespace {

std::shared_ptr<arrow::DataType> StringMapType() {
  return arrow::map(arrow::utf8(), arrow::utf8());
}

std::shared_ptr<arrow::DataType> DeletionVectorType() {
  return arrow::struct_(
      {arrow::field("storageType", arrow::utf8()), arrow::field("pathOrInlineDv", arrow::utf8()),
       arrow::field("offset", arrow::int32()), arrow::field("sizeInBytes", arrow::int32()),
       arrow::field("cardinality", arrow::int64())});
}

// The readers below may cast without asking: the array was read as one of the types above.
template <typename ArrayType>
const ArrayType& Child(const arrow::StructArray& row_group, const char* name) {
  const int index = row_group.struct_type()->GetFieldIndex(name);
  return static_cast<const ArrayType&>(*row_group.field(index));
}

std::optional<std::string> TextAt(const arrow::StructArray& rows, const char* name, int64_t row) {
  const auto& values = Child<arrow::StringArray>(rows, name);
  if (values.IsNull(row)) return std::nullopt;
  return values.GetString(row);
}

template <typename ArrayType>
auto NumberAt(const arrow::StructArray& rows, const char* name, int64_t row)
    -> std::optional<decltype(std::declval<ArrayType>().Value(0))> {
  const auto& values = Child<ArrayType>(rows, name);
  if (values.IsNull(row)) return std::nullopt;
  return values.Value(row);
}

PartitionValues MapAt(const arrow::StructArray& rows, const char* name, int64_t row) {
  PartitionValues entries;
  const auto& maps = Child<arrow::MapArray>(rows, name);
  if (maps.IsNull(row)) return entries;
  const auto& keys = static_cast<const arrow::StringArray&>(*maps.keys());
  const auto& items = static_cast<const arrow::StringArray&>(*maps.items());
  for (int64_t i = maps.value_offset(row); i < maps.value_offset(row + 1); ++i) {
    if (keys.IsNull(i)) continue;
    auto& slot = entries[keys.GetString(i)];
    if (items.IsValid(i)) slot = items.GetString(i);
  }
  return entries;
}

std::vector<std::string> ListAt(const arrow::StructArray& rows, const char* name, int64_t row) {
  std::vector<std::string> list;
  const auto& lists = Child<arrow::ListArray>(rows, name);
  if (lists.IsNull(row)) return list;
  const auto& values = static_cast<const arrow::StringArray&>(*lists.values());
  for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
    if (values.IsValid(i)) list.push_back(values.GetString(i));
  }
  return list;
}

std::optional<DeletionVectorDescriptor> DeletionVectorAt(const arrow::StructArray& rows,
                                                         int64_t row) {
  const auto& vectors = Child<arrow::StructArray>(rows, "deletionVector");
  if (vectors.IsNull(row)) return std::nullopt;
  const std::string storage = TextAt(vectors, "storageType", row).value_or("");
  if (storage.empty()) return std::nullopt;
  DeletionVectorDescriptor dv;
  // An impossible type of storage is refused where the vector is read.
  dv.storage_type = storage.size() == 1 ? storage[0] : '?';
  dv.path_or_inline_dv = TextAt(vectors, "pathOrInlineDv", row).value_or("");
  dv.offset = NumberAt<arrow::Int32Array>(vectors, "offset", row);
  dv.size_in_bytes = NumberAt<arrow::Int32Array>(vectors, "sizeInBytes", row).value_or(0);
  dv.cardinality = NumberAt<arrow::Int64Array>(vectors, "cardinality", row).value_or(0);
  return dv;
}

bool IsIntegral(TypeId id) {
  return id == TypeId::kLong || id == TypeId::kInteger || id == TypeId::kShort ||
         id == TypeId::kByte;
}

bool IsTimestamp(TypeId id) { return id == TypeId::kTimestamp || id == TypeId::kTimestampNtz; }

// The type in which bounds of a column are read; nullptr where it has none.
std::shared_ptr<arrow::DataType> BoundType(const DataType& type) {
  if (IsIntegral(type.id)) return arrow::int64();
  if (type.id == TypeId::kFloat || type.id == TypeId::kDouble) return arrow::float64();
  if (type.id == TypeId::kString) return arrow::utf8();
  if (type.id == TypeId::kDate) return arrow::date32();
  if (type.id == TypeId::kTimestamp) return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  if (type.id == TypeId::kTimestampNtz) return arrow::timestamp(arrow::TimeUnit::MICRO);
  return nullptr;
}

StatisticValue BoundAt(const arrow::Array& values, int64_t row) {
  if (values.IsNull(row)) return {};
  switch (values.type_id()) {
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(values).Value(row);
    case arrow::Type::DATE32:
      return int64_t{static_cast<const arrow::Date32Array&>(values).Value(row)};
    case arrow::Type::TIMESTAMP:
      return static_cast<const arrow::TimestampArray&>(values).Value(row);
    case arrow::Type::DOUBLE:
      return static_cast<const arrow::DoubleArray&>(values).Value(row);
    case arrow::Type::STRING:
      return static_cast<const arrow::StringArray&>(values).GetString(row);
    default:
      return {};
  }
}

// One column's entry in minValues, maxValues or nullCount; nullptr if there is none.
std::shared_ptr<arrow::Array> Entry(const arrow::StructArray& stats, const char* kind, int64_t row,
                                    const std::string& column) {
  const auto& entries = Child<arrow::StructArray>(stats, kind);
  if (entries.IsNull(row)) return nullptr;
  const int index = entries.struct_type()->GetFieldIndex(column);
  return index < 0 ? nullptr : entries.field(index);
}

}  // namespace

std::shared_ptr<arrow::DataType> CheckpointAddType(bool whole) {
  arrow::FieldVector fields = {
      arrow::field("path", arrow::utf8()),  arrow::field("partitionValues", StringMapType()),
      arrow::field("size", arrow::int64()), arrow::field("modificationTime", arrow::int64()),
      arrow::field("stats", arrow::utf8()), arrow::field("deletionVector", DeletionVectorType())};
  if (whole) {
    fields.push_back(arrow::field("tags", StringMapType()));
    fields.push_back(arrow::field("baseRowId", arrow::int64()));
    fields.push_back(arrow::field("defaultRowCommitVersion", arrow::int64()));
    fields.push_back(arrow::field("clusteringProvider", arrow::utf8()));
  }
  return arrow::struct_(std::move(fields));
}

std::shared_ptr<arrow::DataType> CheckpointRemoveType() {
  return arrow::struct_(
      {arrow::field("path", arrow::utf8()), arrow::field("deletionTimestamp", arrow::int64()),
       arrow::field("dataChange", arrow::boolean()),
       arrow::field("extendedFileMetadata", arrow::boolean()),
       arrow::field("partitionValues", StringMapType()), arrow::field("size", arrow::int64()),
       arrow::field("deletionVector", DeletionVectorType())});
}

std::shared_ptr<arrow::DataType> CheckpointProtocolType() {
  return arrow::struct_({arrow::field("minReaderVersion", arrow::int32()),
                         arrow::field("minWriterVersion", arrow::int32()),
                         arrow::field("readerFeatures", arrow::list(arrow::utf8())),
                         arrow::field("writerFeatures", arrow::list(arrow::utf8()))});
}

std::shared_ptr<arrow::DataType> CheckpointMetadataType() {
  return arrow::struct_({arrow::field("id", arrow::utf8()), arrow::field("name", arrow::utf8()),
                         arrow::field("description", arrow::utf8()),
                         arrow::field("schemaString", arrow::utf8()),
                         arrow::field("partitionColumns", arrow::list(arrow::utf8())),
                         arrow::field("configuration", StringMapType()),
                         arrow::field("createdTime", arrow::int64())});
}

std::shared_ptr<arrow::DataType> CheckpointTransactionType() {
  return arrow::struct_({arrow::field("appId", arrow::utf8()),
                         arrow::field("version", arrow::int64()),
                         arrow::field("lastUpdated", arrow::int64())});
}

std::shared_ptr<arrow::DataType> CheckpointDomainType() {
  return arrow::struct_({arrow::field("domain", arrow::utf8()),
                         arrow::field("configuration", arrow::utf8()),
                         arrow::field("removed", arrow::boolean())});
}

std::shared_ptr<arrow::DataType> CheckpointVersionType() {
  return arrow::struct_({arrow::field("version", arrow::int64())});
}

std::shared_ptr<arrow::DataType> CheckpointSidecarType() {
  return arrow::struct_({arrow::field("path", arrow::utf8())});
}

std::shared_ptr<arrow::DataType> ParsedStatisticsType(const std::vector<Field>& columns) {
  arrow::FieldVector bounds, counts;
  for (const Field& column : columns) {
    const std::string name(PhysicalName(column));
    if (auto type = BoundType(column.type)) {
      bounds.push_back(arrow::field(name, std::move(type)));
    }
    counts.push_back(arrow::field(name, arrow::int64()));
  }
  return arrow::struct_({arrow::field("numRecords", arrow::int64()),
                         arrow::field("tightBounds", arrow::boolean()),
                         arrow::field("minValues", arrow::struct_(bounds)),
                         arrow::field("maxValues", arrow::struct_(bounds)),
                         arrow::field("nullCount", arrow::struct_(counts))});
}

bool HasAction(const arrow::StructArray& actions, int64_t row) {
  return actions.IsValid(row) && actions.field(0)->IsValid(row);
}

CheckpointAdds::CheckpointAdds(const arrow::StructArray& adds)
    : adds_(adds),
      paths_(Child<arrow::StringArray>(adds, "path")),
      stats_(Child<arrow::StringArray>(adds, "stats")),
      sizes_(Child<arrow::Int64Array>(adds, "size")),
      times_(Child<arrow::Int64Array>(adds, "modificationTime")),
      vectors_(Child<arrow::StructArray>(adds, "deletionVector")) {}

bool CheckpointAdds::HasAction(int64_t row) const {
  return adds_.IsValid(row) && paths_.IsValid(row);
}

bool CheckpointAdds::LacksPath(int64_t row) const {
  return adds_.IsValid(row) && paths_.IsNull(row) && sizes_.IsValid(row);
}

std::string_view CheckpointAdds::path(int64_t row) const { return paths_.GetView(row); }

std::string_view CheckpointAdds::stats(int64_t row) const {
  return stats_.IsNull(row) ? std::string_view() : stats_.GetView(row);
}

int64_t CheckpointAdds::size(int64_t row) const {
  return sizes_.IsNull(row) ? 0 : sizes_.Value(row);
}

std::optional<DeletionVectorDescriptor> CheckpointAdds::deletion_vector(int64_t row) const {
  if (vectors_.IsNull(row)) return std::nullopt;
  return DeletionVectorAt(adds_, row);
}

AddFile CheckpointAdds::At(int64_t row, bool with_stats) const {
  AddFile add;
  add.path = path(row);
  add.partition_values = MapAt(adds_, "partitionValues", row);
  add.size = size(row);
  add.modification_time = times_.IsNull(row) ? 0 : times_.Value(row);
  add.data_change = false;
  if (with_stats) add.stats = stats(row);
  add.deletion_vector = deletion_vector(row);
  if (adds_.struct_type()->GetFieldIndex("baseRowId") < 0) return add;
  for (auto& [key, value] : MapAt(adds_, "tags", row)) {
    if (value) add.tags[key] = std::move(*value);
  }
  add.ids = {NumberAt<arrow::Int64Array>(adds_, "baseRowId", row),
             NumberAt<arrow::Int64Array>(adds_, "defaultRowCommitVersion", row)};
  add.clustering_provider = TextAt(adds_, "clusteringProvider", row).value_or("");
  return add;
}

RemoveFile CheckpointRemove(const arrow::StructArray& removes, int64_t row) {
  RemoveFile remove;
  remove.path = TextAt(removes, "path", row).value_or("");
  remove.deletion_timestamp = NumberAt<arrow::Int64Array>(removes, "deletionTimestamp", row);
  remove.data_change = NumberAt<arrow::BooleanArray>(removes, "dataChange", row).value_or(false);
  remove.extended_file_metadata =
      NumberAt<arrow::BooleanArray>(removes, "extendedFileMetadata", row).value_or(false);
  remove.partition_values = MapAt(removes, "partitionValues", row);
  remove.size = NumberAt<arrow::Int64Array>(removes, "size", row);
  remove.deletion_vector = DeletionVectorAt(removes, row);
  return remove;
}

Protocol CheckpointProtocol(const arrow::StructArray& protocols, int64_t row) {
  Protocol protocol;
  protocol.min_reader_version =
      NumberAt<arrow::Int32Array>(protocols, "minReaderVersion", row).value_or(1);
  protocol.min_writer_version =
      NumberAt<arrow::Int32Array>(protocols, "minWriterVersion", row).value_or(1);
  protocol.reader_features = ListAt(protocols, "readerFeatures", row);
  protocol.writer_features = ListAt(protocols, "writerFeatures", row);
  return protocol;
}

Metadata CheckpointMetadata(const arrow::StructArray& metadata, int64_t row) {
  Metadata out;
  out.id = TextAt(metadata, "id", row).value_or("");
  out.name = TextAt(metadata, "name", row).value_or("");
  out.description = TextAt(metadata, "description", row).value_or("");
  out.schema_string = TextAt(metadata, "schemaString", row).value_or("");
  out.partition_columns = ListAt(metadata, "partitionColumns", row);
  for (auto& [key, value] : MapAt(metadata, "configuration", row)) {
    if (value) out.configuration.emplace(key, *value);
  }
  out.created_time = NumberAt<arrow::Int64Array>(metadata, "createdTime", row);
  return out;
}

SetTransaction CheckpointTransaction(const arrow::StructArray& transactions, int64_t row) {
  SetTransaction txn;
  txn.app_id = TextAt(transactions, "appId", row).value_or("");
  txn.version = NumberAt<arrow::Int64Array>(transactions, "version", row).value_or(0);
  txn.last_updated = NumberAt<arrow::Int64Array>(transactions, "lastUpdated", row);
  return txn;
}

DomainMetadata CheckpointDomain(const arrow::StructArray& domains, int64_t row) {
  DomainMetadata domain;
  domain.domain = TextAt(domains, "domain", row).value_or("");
  domain.configuration = TextAt(domains, "configuration", row).value_or("");
  domain.removed = NumberAt<arrow::BooleanArray>(domains, "removed", row).value_or(false);
  return domain;
}

Version CheckpointVersion(const arrow::StructArray& metadata, int64_t row) {
  return Version{NumberAt<arrow::Int64Array>(metadata, "version", row).value_or(-1)};
}

std::string CheckpointSidecar(const arrow::StructArray& sidecars, int64_t row) {
  return TextAt(sidecars, "path", row).value_or("");
}

FileStatistics ParsedStatistics(const arrow::StructArray& stats, int64_t row,
                                const std::vector<Field>& columns) {
  FileStatistics out;
  out.columns.resize(columns.size());
  if (stats.IsNull(row)) return out;
  out.num_records = NumberAt<arrow::Int64Array>(stats, "numRecords", row);
  const bool tight = NumberAt<arrow::BooleanArray>(stats, "tightBounds", row).value_or(true);
  for (size_t i = 0; i < columns.size(); ++i) {
    ColumnStatistics& column = out.columns[i];
    const std::string name(PhysicalName(columns[i]));
    if (const auto min = Entry(stats, "minValues", row, name)) column.min = BoundAt(*min, row);
    if (const auto max = Entry(stats, "maxValues", row, name)) column.max = BoundAt(*max, row);
    if (IsTimestamp(columns[i].type.id) && std::holds_alternative<int64_t>(column.max)) {
      column.max = WidenedMax(std::get<int64_t>(column.max));
    }
    const auto count = Entry(stats, "nullCount", row, name);
    if (count == nullptr || count->IsNull(row)) continue;
    const int64_t nulls = static_cast<const arrow::Int64Array&>(*count).Value(row);
    if (tight || nulls == 0 || nulls == out.num_records) column.null_count = nulls;
  }
  return out;
}

}  // namespace sluice::delta
