#include "sluice/state/state_table.h"

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/log/log.h"
#include "sluice/delta/log/log_path.h"
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

Result<StateFile> ReadFile(const std::shared_ptr<store::ObjectStore>& table_store,
                           delta::LiveFile file, const delta::TableSchema& schema,
                           const std::vector<std::string>& partition_columns) {
  SLUICE_ASSIGN_OR_RETURN(const auto arrow_schema, delta::ToArrow(schema));
  SLUICE_ASSIGN_OR_RETURN(
      const auto reader,
      delta::DataFile::Open(table_store, file.path, file.partition_values, file.deletion_vector,
                            delta::Projection{schema.fields, partition_columns}));
  arrow::RecordBatchVector batches;
  for (int group = 0; group < reader->num_row_groups(); ++group) {
    SLUICE_RETURN_IF_ERROR(reader->ReadRowGroup(
        group, kBatchRows, [&](const std::shared_ptr<arrow::RecordBatch>& batch) -> Status {
          batches.push_back(
              arrow::RecordBatch::Make(arrow_schema, batch->num_rows(), batch->columns()));
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
  SLUICE_ASSIGN_OR_RETURN(auto snapshot, LoadSnapshotIfAny(table_store, delta::SnapshotOptions()));
  if (!snapshot) return std::optional<LoadedState>();
  LoadedState state;
  const std::string table = table_store->DisplayName("");
  state.schema = columns == Columns::kAll ? snapshot->metadata.schema
                                          : OnlyGuideColumns(snapshot->metadata.schema);
  SLUICE_ASSIGN_OR_RETURN(state.columns, FindStateColumns(state.schema, table));
  for (const delta::LiveFile& file : snapshot->files) {
    auto read = ReadFile(table_store, file, state.schema, snapshot->metadata.partition_columns);
    if (!read) return Fail(std::move(read).error().Within("state table"));
    state.files.push_back(*std::move(read));
  }
  state.snapshot = *std::move(snapshot);
  return std::optional<LoadedState>(std::move(state));
}

}  // namespace sluice::state
