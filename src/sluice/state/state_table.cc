#include "sluice/state/state_table.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/log/file_address.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/snapshot/load_snapshot.h"

namespace sluice::state {
namespace {

constexpr int64_t kBatchRows = 64 * 1024;

delta::SnapshotOptions MarksOnly() {
  delta::SnapshotOptions options;
  options.with_files = false;
  return options;
}

Result<bool> HasLog(const store::ObjectStore& table_store) {
  bool any = false;
  SLUICE_RETURN_IF_ERROR(
      table_store.List(store::Key(delta::kLogFolder), "", [&](const store::ObjectInfo&) {
        any = true;
        return false;
      }));
  return any;
}

Result<std::optional<delta::Snapshot>> LoadSnapshotIfAny(
    const std::shared_ptr<store::ObjectStore>& table_store, const delta::SnapshotOptions& options) {
  const delta::Log log(table_store);
  auto snapshot = delta::LoadSnapshot(log, options);
  if (!snapshot && snapshot.error().kind == ErrorKind::kNotFound) {
    // A table whose log cannot be read must never count as one that does not exist yet.
    SLUICE_ASSIGN_OR_RETURN(const bool any, HasLog(*table_store));
    if (!any) return std::optional<delta::Snapshot>();
    snapshot = delta::LoadSnapshot(log, options);  // it may have been created just now
  }
  if (!snapshot) return Fail(std::move(snapshot).error());
  return std::optional<delta::Snapshot>(*std::move(snapshot));
}

delta::TableSchema OnlyGuideColumns(const delta::TableSchema& schema) {
  delta::TableSchema out;
  for (const delta::Field& wanted : GuideSchema().fields) {
    if (const delta::Field* field = schema.Find(wanted.name)) out.fields.push_back(*field);
  }
  return out;
}

// What stops the reading of a file says of a source what to do about it. A state table has nothing to leave out, and
// its rows can be written again.
Error OfStateFile(Error error, const delta::LiveFile& file, const std::string& table) {
  const bool outside = !delta::AddressOf(file.path, table).relative;
  error = std::move(error).Within("state table " + table);
  switch (error.kind) {
    case ErrorKind::kSourceGone:
    case ErrorKind::kCorrupt:
    case ErrorKind::kUnsupported:
    case ErrorKind::kNotFound:
      break;
    default:
      return error;
  }
  if (outside) {
    error.kind = ErrorKind::kUnsupported;
    error.message = fmt::format(
        "state table {} is a shallow clone, or was moved: its file {} lies outside its folder",
        table, file.path);
    error.remedy = fmt::format(
        "make the state table a deep copy (CREATE TABLE ... AS SELECT), or {}", kWithoutIt);
    return error;
  }
  if (error.kind == ErrorKind::kUnsupported) {
    error.remedy = "write the state table's rows again with Spark (INSERT OVERWRITE)";
    return error;
  }
  error.kind = ErrorKind::kCorrupt;
  error.remedy =
      fmt::format("restore the file from a backup; if it is lost for good, {}", kWithoutIt);
  return error;
}

// What a rewrite must know of rows whose ids are stable; empty where they are not.
std::vector<delta::Field> HiddenFields(const delta::Snapshot& snapshot) {
  if (!delta::TracksRows(snapshot.protocol, snapshot.metadata)) return {};
  const auto names = delta::RowTrackingColumnsOf(snapshot.metadata);
  std::vector<delta::Field> fields;
  for (const std::string& name : {names.row_id, names.row_commit_version}) {
    delta::Field field;
    field.name = field.physical_name = name;
    field.type.id = delta::TypeId::kLong;
    fields.push_back(std::move(field));
  }
  return fields;
}

// `column`, with `otherwise(i)` for its nulls.
arrow::Result<std::shared_ptr<arrow::Array>> Filled(
    const arrow::Array& column, const std::function<std::optional<int64_t>(int64_t)>& otherwise) {
  const auto& values = static_cast<const arrow::Int64Array&>(column);
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < values.length(); ++i) {
    const auto value = values.IsValid(i) ? std::optional(values.Value(i)) : otherwise(i);
    ARROW_RETURN_NOT_OK(value ? builder.Append(*value) : builder.AppendNull());
  }
  return builder.Finish();
}

// The columns of a file's rows: those of the table, then the hidden ones with what the file's action says of rows
// for which they hold nothing.
Result<arrow::ArrayVector> StateColumnsOf(const arrow::RecordBatch& batch, const LoadedState& state,
                                          const delta::RowTrackingIds& ids) {
  arrow::ArrayVector columns = batch.columns();
  if (state.hidden.empty()) return columns;
  const auto positions = std::static_pointer_cast<arrow::Int64Array>(columns.back());
  columns.pop_back();
  auto& row_ids = columns[state.columns.row_id];
  SLUICE_ARROW_ASSIGN(row_ids,
                      Filled(*row_ids,
                             [&](int64_t i) -> std::optional<int64_t> {
                               if (!ids.base_row_id) return std::nullopt;
                               return *ids.base_row_id + positions->Value(i);
                             }),
                      "_export_state");
  auto& versions = columns[state.columns.row_commit_version];
  SLUICE_ARROW_ASSIGN(versions,
                      Filled(*versions, [&](int64_t) { return ids.default_row_commit_version; }),
                      "_export_state");
  return columns;
}

Result<StateFile> ReadFile(const std::shared_ptr<store::ObjectStore>& table_store,
                           delta::LiveFile file, const LoadedState& state,
                           const std::vector<std::string>& partition_columns) {
  delta::Projection projection{state.schema.fields, partition_columns};
  projection.fields.insert(projection.fields.end(), state.hidden.begin(), state.hidden.end());
  SLUICE_ASSIGN_OR_RETURN(const auto arrow_schema, delta::ToArrow({projection.fields}));
  projection.positions = !state.hidden.empty();
  SLUICE_ASSIGN_OR_RETURN(const auto reader,
                          delta::DataFile::Open(table_store, file.path, file.partition_values,
                                                file.deletion_vector, projection));
  const delta::RowTrackingIds ids = file.action ? file.action->ids : delta::RowTrackingIds();
  arrow::RecordBatchVector batches;
  for (int group = 0; group < reader->num_row_groups(); ++group) {
    SLUICE_RETURN_IF_ERROR(reader->ReadRowGroup(
        group, kBatchRows, [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
          SLUICE_ASSIGN_OR_RETURN(auto columns, StateColumnsOf(*batch, state, ids));
          batches.push_back(
              arrow::RecordBatch::Make(arrow_schema, batch->num_rows(), std::move(columns)));
          return {};
        }));
  }
  StateFile out;
  SLUICE_ARROW_ASSIGN(out.rows, arrow::Table::FromRecordBatches(arrow_schema, batches), file.path);
  out.file = std::move(file);
  return out;
}

}  // namespace

std::vector<StateRow> LoadedState::Rows() const {
  std::vector<StateRow> out;
  for (const StateFile& file : files) {
    for (StateRow& row : ReadRows(*file.rows, columns)) out.push_back(std::move(row));
  }
  return out;
}

std::vector<StateRow> LoadedState::RowsNamed(std::string_view source_table) const {
  std::vector<StateRow> out = Rows();
  std::erase_if(out, [&](const StateRow& row) { return row.source_table != source_table; });
  return out;
}

std::optional<int64_t> LoadedState::FollowedThrough(const std::string& app_id) const {
  const auto found = snapshot.transactions.find(app_id);
  if (found == snapshot.transactions.end()) return std::nullopt;
  return found->second.version;
}

Result<std::optional<delta::Snapshot>> LoadMarks(
    const std::shared_ptr<store::ObjectStore>& table_store) {
  return LoadSnapshotIfAny(table_store, MarksOnly());
}

Result<std::optional<LoadedState>> LoadState(const std::shared_ptr<store::ObjectStore>& table_store,
                                             Columns columns) {
  delta::SnapshotOptions options;
  options.with_actions = columns == Columns::kAll;
  SLUICE_ASSIGN_OR_RETURN(auto snapshot, LoadSnapshotIfAny(table_store, options));
  if (!snapshot) return std::optional<LoadedState>();
  LoadedState state;
  const std::string table = table_store->DisplayName("");
  state.schema = columns == Columns::kAll ? delta::WithoutVoid(snapshot->metadata.schema)
                                          : OnlyGuideColumns(snapshot->metadata.schema);
  SLUICE_ASSIGN_OR_RETURN(state.columns, FindStateColumns(state.schema, table));
  if (columns == Columns::kAll) {
    SLUICE_RETURN_IF_ERROR(CheckKeepable(state.schema, table));
    state.hidden = HiddenFields(*snapshot);
  }
  if (!state.hidden.empty()) {
    state.columns.row_id = static_cast<int>(state.schema.fields.size());
    state.columns.row_commit_version = state.columns.row_id + 1;
  }
  for (const delta::LiveFile& file : snapshot->files) {
    auto read = ReadFile(table_store, file, state, snapshot->metadata.partition_columns);
    if (!read) return Fail(OfStateFile(std::move(read).error(), file, table));
    state.files.push_back(*std::move(read));
  }
  state.snapshot = *std::move(snapshot);
  return std::optional<LoadedState>(std::move(state));
}

Result<bool> TakeCommit(const std::shared_ptr<store::ObjectStore>& table_store,
                        const delta::Commit& commit, const delta::CommitFile& file,
                        LoadedState& state) {
  delta::Snapshot& snapshot = state.snapshot;
  if (commit.metadata || commit.protocol || !commit.domains.empty()) return false;
  if (!state.hidden.empty()) return false;
  if (commit.version != Next(snapshot.version) || file.version != commit.version) return false;
  std::vector<StateFile> added;
  for (const delta::AddFile& add : commit.adds) {
    auto read = ReadFile(table_store, delta::ToLiveFile(add, {}, TimeZone::Utc()), state,
                         snapshot.metadata.partition_columns);
    if (!read) return Fail(std::move(read).error().Within("state table"));
    added.push_back(*std::move(read));
  }
  const auto is_removed = [&](const delta::LiveFile& live) {
    return std::any_of(commit.removes.begin(), commit.removes.end(), [&](const auto& remove) {
      return remove.path == live.path && remove.deletion_vector == live.deletion_vector;
    });
  };
  std::erase_if(state.files, [&](const StateFile& old) { return is_removed(old.file); });
  for (StateFile& read : added) state.files.push_back(std::move(read));
  snapshot.files.clear();
  snapshot.total_bytes = 0;
  for (const StateFile& live : state.files) {
    snapshot.files.push_back(live.file);
    snapshot.total_bytes += live.file.size;
  }
  snapshot.num_files = static_cast<int64_t>(snapshot.files.size());
  for (const delta::SetTransaction& txn : commit.transactions) {
    snapshot.transactions[txn.app_id] = txn;
  }
  snapshot.version = commit.version;
  snapshot.commit_mark = file.Mark();
  snapshot.committed = commit.info && commit.info->in_commit_timestamp
                           ? Timestamp{*commit.info->in_commit_timestamp * 1000}
                           : file.modified;
  return true;
}

}  // namespace sluice::state
