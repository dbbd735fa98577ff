#include "sluice/delta/log/commit_parser.h"

#include <fmt/format.h>

#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/log_limits.h"
#include "sluice/delta/schema/column_mapping.h"
#include "sluice/delta/schema/json_object.h"
#include "sluice/delta/schema/wrong_metadata.h"

namespace sluice::delta {
namespace {

// The end of the year 9999, in ms.
constexpr int64_t kLastMilli = 253402300799999;

using simdjson::dom::element;

Result<int32_t> RequiredInt32(const JsonObject& object, std::string_view key,
                              std::string_view context) {
  SLUICE_ASSIGN_OR_RETURN(const int64_t value, object.RequiredInt64(key));
  if (value < std::numeric_limits<int32_t>::min() || value > std::numeric_limits<int32_t>::max()) {
    return Fail(ErrorKind::kCorrupt, "{}.{} is out of range: {}", context, key, value);
  }
  return static_cast<int32_t>(value);
}

Result<std::optional<DeletionVectorDescriptor>> ParseDeletionVector(const JsonObject& action) {
  using Descriptor = std::optional<DeletionVectorDescriptor>;
  constexpr std::string_view kContext = "deletionVector";
  const auto json = action.Get("deletionVector");
  if (!json) return Descriptor();
  SLUICE_ASSIGN_OR_RETURN(const JsonObject object, JsonObject::From(*json, kContext));
  DeletionVectorDescriptor dv;
  SLUICE_ASSIGN_OR_RETURN(const std::string storage, object.RequiredString("storageType"));
  if (storage.size() != 1) {
    return Fail(ErrorKind::kCorrupt, "deletionVector.storageType is '{}'", storage);
  }
  dv.storage_type = storage[0];
  SLUICE_ASSIGN_OR_RETURN(dv.path_or_inline_dv, object.RequiredString("pathOrInlineDv"));
  if (object.Get("offset")) {
    SLUICE_ASSIGN_OR_RETURN(dv.offset, RequiredInt32(object, "offset", kContext));
  }
  SLUICE_ASSIGN_OR_RETURN(dv.size_in_bytes, RequiredInt32(object, "sizeInBytes", kContext));
  SLUICE_ASSIGN_OR_RETURN(dv.cardinality, object.RequiredInt64("cardinality"));
  return Descriptor(std::move(dv));
}

Result<RowTrackingIds> ParseRowTrackingIds(const JsonObject& action) {
  RowTrackingIds ids;
  SLUICE_ASSIGN_OR_RETURN(ids.base_row_id, action.Int64("baseRowId"));
  SLUICE_ASSIGN_OR_RETURN(ids.default_row_commit_version, action.Int64("defaultRowCommitVersion"));
  return ids;
}

Result<AddFile> ParseAdd(const JsonObject& object) {
  AddFile add;
  SLUICE_ASSIGN_OR_RETURN(add.path, object.RequiredString("path"));
  SLUICE_ASSIGN_OR_RETURN(auto partition_values, object.StringMap("partitionValues"));
  add.partition_values = std::move(partition_values).value_or(PartitionValues{});
  SLUICE_ASSIGN_OR_RETURN(add.size, object.RequiredInt64("size"));
  if (add.size < 0) return Fail(ErrorKind::kCorrupt, "add.size is negative: {}", add.size);
  SLUICE_ASSIGN_OR_RETURN(const auto modified, object.Int64("modificationTime"));
  add.modification_time = modified.value_or(0);
  // Notes of other programs: what is not well written is left out.
  for (auto& [key, value] :
       object.StringMap("tags").value_or(std::nullopt).value_or(PartitionValues{})) {
    if (value) add.tags[key] = std::move(*value);
  }
  add.clustering_provider = object.String("clusteringProvider").value_or(std::nullopt).value_or("");
  SLUICE_ASSIGN_OR_RETURN(const auto data_change, object.Bool("dataChange"));
  add.data_change = data_change.value_or(true);
  // Statistics are a hint: text, or by some writers the object itself; of another type they are not there.
  if (const auto json = object.Get("stats")) {
    std::string_view stats;
    if (json->get(stats) == simdjson::SUCCESS) add.stats = std::string(stats);
    if (json->is_object()) add.stats = simdjson::minify(*json);
  }
  SLUICE_ASSIGN_OR_RETURN(add.deletion_vector, ParseDeletionVector(object));
  SLUICE_ASSIGN_OR_RETURN(add.ids, ParseRowTrackingIds(object));
  return add;
}

Result<RemoveFile> ParseRemove(const JsonObject& object) {
  RemoveFile remove;
  SLUICE_ASSIGN_OR_RETURN(remove.path, object.RequiredString("path"));
  SLUICE_ASSIGN_OR_RETURN(remove.deletion_timestamp, object.Int64("deletionTimestamp"));
  SLUICE_ASSIGN_OR_RETURN(const auto data_change, object.Bool("dataChange"));
  remove.data_change = data_change.value_or(true);
  SLUICE_ASSIGN_OR_RETURN(const auto extended, object.Bool("extendedFileMetadata"));
  remove.extended_file_metadata = extended.value_or(false);
  SLUICE_ASSIGN_OR_RETURN(auto partition_values, object.StringMap("partitionValues"));
  remove.partition_values = std::move(partition_values).value_or(PartitionValues{});
  SLUICE_ASSIGN_OR_RETURN(remove.size, object.Int64("size"));
  SLUICE_ASSIGN_OR_RETURN(remove.deletion_vector, ParseDeletionVector(object));
  SLUICE_ASSIGN_OR_RETURN(remove.ids, ParseRowTrackingIds(object));
  return remove;
}

Result<AddCdcFile> ParseCdc(const JsonObject& object) {
  AddCdcFile cdc;
  SLUICE_ASSIGN_OR_RETURN(cdc.path, object.RequiredString("path"));
  SLUICE_ASSIGN_OR_RETURN(auto partition_values, object.StringMap("partitionValues"));
  cdc.partition_values = std::move(partition_values).value_or(PartitionValues{});
  SLUICE_ASSIGN_OR_RETURN(cdc.size, object.RequiredInt64("size"));
  return cdc;
}

// Drops the entries that have no value.
std::map<std::string, std::string> WithoutNulls(
    std::optional<std::map<std::string, std::optional<std::string>>> entries) {
  std::map<std::string, std::string> out;
  if (!entries) return out;
  for (auto& [key, value] : *entries) {
    if (value) out.emplace(key, *std::move(value));
  }
  return out;
}

Result<Metadata> ParseMetadata(const JsonObject& object) {
  Metadata metadata;
  SLUICE_ASSIGN_OR_RETURN(metadata.id, object.RequiredString("id"));
  SLUICE_ASSIGN_OR_RETURN(auto name, object.String("name"));
  metadata.name = std::move(name).value_or("");
  SLUICE_ASSIGN_OR_RETURN(auto description, object.String("description"));
  metadata.description = std::move(description).value_or("");
  SLUICE_ASSIGN_OR_RETURN(metadata.schema_string, object.RequiredString("schemaString"));
  SLUICE_ASSIGN_OR_RETURN(metadata.partition_columns, object.StringList("partitionColumns"));
  SLUICE_ASSIGN_OR_RETURN(auto configuration, object.StringMap("configuration"));
  metadata.configuration = WithoutNulls(std::move(configuration));
  SLUICE_ASSIGN_OR_RETURN(metadata.created_time, object.Int64("createdTime"));
  return metadata;
}

Result<Protocol> ParseProtocol(const JsonObject& object) {
  Protocol protocol;
  SLUICE_ASSIGN_OR_RETURN(protocol.min_reader_version,
                          RequiredInt32(object, "minReaderVersion", "protocol"));
  SLUICE_ASSIGN_OR_RETURN(protocol.min_writer_version,
                          RequiredInt32(object, "minWriterVersion", "protocol"));
  SLUICE_ASSIGN_OR_RETURN(protocol.reader_features, object.StringList("readerFeatures"));
  SLUICE_ASSIGN_OR_RETURN(protocol.writer_features, object.StringList("writerFeatures"));
  return protocol;
}

Result<SetTransaction> ParseTransaction(const JsonObject& object) {
  SetTransaction txn;
  SLUICE_ASSIGN_OR_RETURN(txn.app_id, object.RequiredString("appId"));
  SLUICE_ASSIGN_OR_RETURN(txn.version, object.RequiredInt64("version"));
  SLUICE_ASSIGN_OR_RETURN(txn.last_updated, object.Int64("lastUpdated"));
  return txn;
}

Result<DomainMetadata> ParseDomain(const JsonObject& object) {
  DomainMetadata domain;
  SLUICE_ASSIGN_OR_RETURN(domain.domain, object.RequiredString("domain"));
  SLUICE_ASSIGN_OR_RETURN(auto configuration, object.String("configuration"));
  domain.configuration = std::move(configuration).value_or("");
  SLUICE_ASSIGN_OR_RETURN(const auto removed, object.Bool("removed"));
  domain.removed = removed.value_or(false);
  return domain;
}

// commitInfo is free-form (PROTOCOL.md, "Commit Provenance Information"): what has an unexpected type
// is left out, except for the timestamp that a table's history depends on.
Result<CommitInfo> ParseCommitInfo(const JsonObject& object) {
  CommitInfo info;
  info.operation = object.String("operation").value_or(std::nullopt).value_or("");
  info.operation_metrics =
      WithoutNulls(object.StringMap("operationMetrics").value_or(std::nullopt));
  info.operation_parameters =
      WithoutNulls(object.StringMap("operationParameters").value_or(std::nullopt));
  info.timestamp = object.Int64("timestamp").value_or(std::nullopt);
  SLUICE_ASSIGN_OR_RETURN(info.in_commit_timestamp, object.Int64("inCommitTimestamp"));
  if (info.in_commit_timestamp &&
      (*info.in_commit_timestamp < 0 || *info.in_commit_timestamp > kLastMilli)) {
    return Fail(ErrorKind::kCorrupt, "commitInfo.inCommitTimestamp is not a time: {}",
                *info.in_commit_timestamp);
  }
  info.engine_info = object.String("engineInfo").value_or(std::nullopt).value_or("");
  info.read_version = object.Int64("readVersion").value_or(std::nullopt);
  info.is_blind_append = object.Bool("isBlindAppend").value_or(std::nullopt);
  info.isolation_level = object.String("isolationLevel").value_or(std::nullopt).value_or("");
  info.txn_id = object.String("txnId").value_or(std::nullopt).value_or("");
  return info;
}

tl::unexpected<Error> Contradiction(std::string what) {
  return Fail(Error{
      ErrorKind::kCorrupt, std::move(what),
      "its writer broke the protocol: restore the file from a backup; or write a checkpoint after "
      "it, with which readers then begin, and start a change feed again with `sluice run NAME "
      "--reseed`"});
}

// Collects the actions of one commit, none of which may contradict another.
class ActionCollector {
 public:
  /// `root`: of the table, as in AddressOf.
  ActionCollector(Version version, std::string_view root) : root_(root) {
    commit_.version = version;
  }

  static bool Knows(std::string_view kind) {
    return kind == "add" || kind == "remove" || kind == "cdc" || kind == "metaData" ||
           kind == "protocol" || kind == "txn" || kind == "domainMetadata" || kind == "commitInfo";
  }

  Status Take(std::string_view kind, const JsonObject& object) {
    if (kind == "add") {
      SLUICE_ASSIGN_OR_RETURN(AddFile add, ParseAdd(object));
      SLUICE_RETURN_IF_ERROR(
          TakeKey(files_, LogicalFileKey(add.path, add.deletion_vector, root_), "added", add.path));
      commit_.adds.push_back(std::move(add));
    } else if (kind == "remove") {
      SLUICE_ASSIGN_OR_RETURN(RemoveFile remove, ParseRemove(object));
      SLUICE_RETURN_IF_ERROR(TakeKey(files_,
                                     LogicalFileKey(remove.path, remove.deletion_vector, root_),
                                     "removed", remove.path));
      commit_.removes.push_back(std::move(remove));
    } else if (kind == "cdc") {
      SLUICE_ASSIGN_OR_RETURN(AddCdcFile cdc, ParseCdc(object));
      SLUICE_RETURN_IF_ERROR(
          TakeKey(cdc_, PhysicalFileKey(cdc.path, root_), "listed among the changes", cdc.path));
      commit_.cdc.push_back(std::move(cdc));
    } else if (kind == "metaData") {
      if (commit_.metadata) return Contradiction("a second metaData action in one commit");
      SLUICE_ASSIGN_OR_RETURN(commit_.metadata, ParseMetadata(object));
    } else if (kind == "protocol") {
      if (commit_.protocol) return Contradiction("a second protocol action in one commit");
      SLUICE_ASSIGN_OR_RETURN(commit_.protocol, ParseProtocol(object));
    } else if (kind == "txn") {
      SLUICE_ASSIGN_OR_RETURN(SetTransaction txn, ParseTransaction(object));
      if (!transactions_.insert(txn.app_id).second) {
        return Contradiction(fmt::format("a second txn action of '{}' in one commit", txn.app_id));
      }
      commit_.transactions.push_back(std::move(txn));
    } else if (kind == "domainMetadata") {
      SLUICE_ASSIGN_OR_RETURN(DomainMetadata domain, ParseDomain(object));
      if (!domains_.insert(domain.domain).second) {
        return Contradiction(
            fmt::format("a second domainMetadata action of '{}' in one commit", domain.domain));
      }
      commit_.domains.push_back(std::move(domain));
    } else if (kind == "commitInfo") {
      SLUICE_ASSIGN_OR_RETURN(commit_.info, ParseCommitInfo(object));
    }
    return {};
  }

  Commit Finish() && { return std::move(commit_); }

 private:
  using Done = std::unordered_map<std::string, std::string_view>;  // what was done to the file

  static Status TakeKey(Done& done, std::string key, std::string_view what, std::string_view path) {
    const auto [before, is_new] = done.emplace(std::move(key), what);
    if (is_new) return {};
    // Every reader keeps a file that is removed and then added; of one that is added and then removed readers disagree.
    if (before->second == "removed" && what == "added") {
      before->second = what;
      return {};
    }
    return Contradiction(
        before->second == what
            ? fmt::format("the file '{}' is {} twice in one commit", path, what)
            : fmt::format("the file '{}' is {} and {} in one commit", path, before->second, what));
  }

  std::string_view root_;
  Commit commit_;
  Done files_, cdc_;
  std::unordered_set<std::string> transactions_, domains_;
};

// Collects what the top-level file of a v2 checkpoint holds.
class CheckpointCollector {
 public:
  explicit CheckpointCollector(std::string_view root) : actions_(Version(), root) {}

  static bool Knows(std::string_view kind) {
    return kind == "sidecar" || kind == "checkpointMetadata" || ActionCollector::Knows(kind);
  }

  Status Take(std::string_view kind, const JsonObject& object) {
    if (kind == "sidecar") {
      SLUICE_ASSIGN_OR_RETURN(std::string path, object.RequiredString("path"));
      sidecars_.push_back(std::move(path));
      return {};
    }
    if (kind == "checkpointMetadata") {
      if (version_) return Contradiction("a second checkpointMetadata action");
      SLUICE_ASSIGN_OR_RETURN(const int64_t version, object.RequiredInt64("version"));
      version_ = Version{version};
      return {};
    }
    return actions_.Take(kind, object);
  }

  CheckpointActions Finish() && {
    return {std::move(actions_).Finish(), version_, std::move(sidecars_)};
  }

 private:
  ActionCollector actions_;
  std::optional<Version> version_;
  std::vector<std::string> sidecars_;
};

// What a reader goes by must stand in the log as it was meant: letters that had to be replaced spoil it.
bool IsNeeded(std::string_view kind, std::string_view field) {
  if (kind == "commitInfo") return false;
  return field != "stats" && field != "tags" && field != "name" && field != "description";
}

Status RequireWhole(std::string_view kind, element value) {
  simdjson::dom::object object;
  if (value.get(object) != simdjson::SUCCESS) return {};
  for (const auto& [field, part] : object) {
    if (!IsNeeded(kind, field) ||
        simdjson::minify(part).find("\xEF\xBF\xBD") == std::string::npos) {
      continue;
    }
    return Fail(ErrorKind::kCorrupt, "{}.{} holds bytes that are not UTF-8, or half a letter", kind,
                field);
  }
  return {};
}

/// The table's folder, of which the name of a file of its log says where it is.
std::string_view RootOf(std::string_view name) {
  const size_t log = name.rfind("_delta_log/");
  return log == std::string_view::npos ? std::string_view() : name.substr(0, log);
}

template <typename Collector>
Status TakeLine(std::string_view line, JsonParser& parser, Collector& collector) {
  if (static_cast<int64_t>(line.size()) > kMostActionBytes) {
    return Fail(ErrorKind::kCorrupt, "an action of {} bytes; sluice reads actions of up to {}",
                line.size(), kMostActionBytes);
  }
  bool mended = false;
  SLUICE_ASSIGN_OR_RETURN(const element root, parser.ParseLenient(line, "action", mended));
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return Fail(ErrorKind::kCorrupt, "an action that is not a JSON object");
  }
  for (const auto& [kind, value] : object) {
    if (value.is_null() || !Collector::Knows(kind)) continue;
    if (mended) SLUICE_RETURN_IF_ERROR(RequireWhole(kind, value));
    SLUICE_ASSIGN_OR_RETURN(const JsonObject action, JsonObject::From(value, kind));
    SLUICE_RETURN_IF_ERROR(collector.Take(kind, action));
  }
  return {};
}

std::string_view Trim(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = line.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlank) - first + 1);
}

template <typename Collector>
Status TakeLines(std::string_view text, std::string_view name, Collector& collector) {
  JsonParser parser;
  int64_t line_number = 0;
  bool any = false;
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    ++line_number;
    const size_t end = text.find('\n');
    const std::string_view line = Trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    any = true;
    if (auto taken = TakeLine(line, parser, collector); !taken) {
      return Fail(std::move(taken).error().Within(fmt::format("{}, line {}", name, line_number)));
    }
  }
  if (any) return {};
  return Fail(Error{ErrorKind::kCorrupt, fmt::format("{}: an empty commit file", name),
                    "restore the file from a backup; its commit was not written whole"});
}

}  // namespace

Result<Commit> ParseCommit(Version version, std::string_view text, std::string_view name) {
  ActionCollector collector(version, RootOf(name));
  SLUICE_RETURN_IF_ERROR(TakeLines(text, name, collector));
  return std::move(collector).Finish();
}

Result<CheckpointActions> ParseCheckpoint(std::string_view text, std::string_view name) {
  CheckpointCollector collector(RootOf(name));
  SLUICE_RETURN_IF_ERROR(TakeLines(text, name, collector));
  return std::move(collector).Finish();
}

Status ResolveSchema(Metadata& metadata) {
  const auto resolve = [&]() -> Status {
    SLUICE_ASSIGN_OR_RETURN(metadata.schema, ParseSchema(metadata.schema_string));
    SLUICE_ASSIGN_OR_RETURN(const ColumnMappingMode mode,
                            ColumnMappingModeOf(metadata.configuration));
    return MapColumns(metadata.schema, mode);
  };
  Status resolved = resolve();
  if (!resolved && resolved.error().remedy.empty()) {
    resolved.error().remedy = kWrongMetadataRemedy;
  }
  return resolved;
}

}  // namespace sluice::delta
