#include <arrow/table.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/delta/log/row_tracking.h"
#include "sluice/delta/log/table_properties.h"
#include "sluice/delta/schema/physical_column.h"
#include "sluice/delta/write/data_file_writer.h"
#include "sluice/delta/write/write_support.h"
#include "sluice/state/state_table.h"

namespace sluice::state {
namespace {

/// Below this the whole table is rewritten into one file by every change.
constexpr int64_t kSmallTable = int64_t{8} << 20;  // bytes

int64_t Millis(Timestamp t) { return t.micros / 1000; }

struct Totals {
  int64_t inserted = 0, updated = 0, deleted = 0, copied = 0;
};

// Files of one partition that become one file, or none.
struct Rewrite {
  std::vector<const StateFile*> files;
  bool gets_row = false;  ///< the row is set here; elsewhere rows of that name go
};
using Rewrites = std::map<delta::PartitionValues, Rewrite>;

bool HoldsRow(const StateFile& file, const StateColumns& columns, const std::string& name) {
  const auto rows = ReadRows(*file.rows, columns);
  return std::any_of(rows.begin(), rows.end(),
                     [&](const StateRow& row) { return row.source_table == name; });
}

// The partition of a row that is new: its name where the table is partitioned by it, else null.
delta::PartitionValues NewPartition(const LoadedState& state, const RowChange& change) {
  delta::PartitionValues values;
  const delta::Field& name = state.schema.fields[state.columns.source_table];
  for (const delta::Field& field : state.snapshot.metadata.schema.fields) {
    if (!delta::IsPartitionColumn(state.snapshot.metadata.partition_columns, field)) continue;
    auto& value = values[std::string(delta::PhysicalName(field))];
    if (field.name == name.name) value = StoredName(change.source_table, state.columns.name_limit);
  }
  return values;
}

Rewrites ChooseRewrites(const LoadedState& state, const RowChange& change) {
  const bool partitioned = !state.snapshot.metadata.partition_columns.empty();
  const bool all = !partitioned && state.snapshot.total_bytes <= kSmallTable;
  Rewrites rewrites;
  Rewrite* holder = nullptr;
  for (const StateFile& file : state.files) {
    const bool holds = HoldsRow(file, state.columns, change.source_table);
    if (!holds && !all) continue;
    Rewrite& rewrite = rewrites[file.file.partition_values];
    rewrite.files.push_back(&file);
    if (holds && holder == nullptr) holder = &rewrite;  // a map's elements stay where they are
  }
  if (change.kind == RowChange::Kind::kSet) {
    if (holder == nullptr) holder = &rewrites[NewPartition(state, change)];
    holder->gets_row = true;
  }
  return rewrites;
}

Status CheckPartitioning(const LoadedState& state) {
  for (const int index :
       {state.columns.end_time, state.columns.version, state.columns.run_timestamp}) {
    const delta::Field& column = state.schema.fields[index];
    if (!delta::IsPartitionColumn(state.snapshot.metadata.partition_columns, column)) continue;
    return Fail(
        Error{ErrorKind::kUnsupported,
              fmt::format("it is partitioned by {}, which every export changes", column.name),
              fmt::format(
                  "write the state table again without this partition (CREATE OR REPLACE TABLE ... "
                  "AS SELECT), or {}",
                  kWithoutIt)});
  }
  return {};
}

Result<std::shared_ptr<arrow::Table>> Concatenate(const Rewrite& rewrite,
                                                  const LoadedState& state) {
  if (rewrite.files.empty()) {
    delta::TableSchema all = state.schema;
    all.fields.insert(all.fields.end(), state.hidden.begin(), state.hidden.end());
    SLUICE_ASSIGN_OR_RETURN(const auto schema, delta::ToArrow(all));
    SLUICE_ARROW_ASSIGN(auto empty, arrow::Table::MakeEmpty(schema), "_export_state");
    return empty;
  }
  std::vector<std::shared_ptr<arrow::Table>> tables;
  for (const StateFile* file : rewrite.files) tables.push_back(file->rows);
  SLUICE_ARROW_ASSIGN(auto table, arrow::ConcatenateTables(tables), "_export_state");
  return table;
}

Result<ChangedRows> ChangeRows(const LoadedState& state, const RowChange& change,
                               const Rewrite& rewrite) {
  SLUICE_ASSIGN_OR_RETURN(const auto before, Concatenate(rewrite, state));
  RowChange here = change;
  if (!rewrite.gets_row) here.kind = RowChange::Kind::kRemove;
  return ApplyChange(*before, state.columns, here);
}

Result<std::shared_ptr<arrow::Table>> WithoutPartitionColumns(
    std::shared_ptr<arrow::Table> rows, const std::vector<std::string>& partition_columns) {
  for (const std::string& column : partition_columns) {
    const int index = rows->schema()->GetFieldIndex(column);
    if (index < 0) continue;
    SLUICE_ARROW_ASSIGN(rows, rows->RemoveColumn(index), "_export_state");
  }
  return rows;
}

delta::RemoveFile ToRemove(const delta::LiveFile& file, Timestamp now) {
  delta::RemoveFile remove;
  remove.path = file.path;
  remove.deletion_timestamp = Millis(now);
  remove.extended_file_metadata = true;
  remove.partition_values = file.partition_values;
  remove.size = file.size;
  remove.deletion_vector = file.deletion_vector;
  if (file.action) remove.ids = file.action->ids;
  return remove;
}

// What the files of a commit owe their table.
struct Writing {
  store::ObjectStore& table_store;
  runtime::Entropy& entropy;
  const LoadedState& state;
  Timestamp now;
  delta::FileLayout layout;
  bool with_changes = false;           ///< the table has a change data feed
  std::optional<int64_t> next_row_id;  ///< set iff the table gives rows ids
};

delta::FileLayout LayoutOf(const LoadedState& state) {
  delta::FileLayout layout = delta::FileLayoutOf(state.snapshot.metadata, state.schema);
  layout.hidden = static_cast<int>(state.hidden.size());
  return layout;
}

Result<Writing> WritingOf(store::ObjectStore& table_store, runtime::Entropy& entropy,
                          const LoadedState& state, Timestamp now) {
  const delta::Snapshot& snapshot = state.snapshot;
  Writing writing{table_store, entropy, state, now, LayoutOf(state), false, {}};
  writing.with_changes = delta::PropertiesOf(snapshot.metadata).change_data_feed;
  if (delta::SupportsRowTracking(snapshot.protocol)) {
    SLUICE_ASSIGN_OR_RETURN(const int64_t highest, delta::HighWaterMarkOf(snapshot.domains));
    writing.next_row_id = highest + 1;
  }
  return writing;
}

// `rows`, or `changes` of them, as their file holds them.
Result<std::shared_ptr<arrow::Table>> InDataFile(const LoadedState& state,
                                                 std::shared_ptr<arrow::Table> rows) {
  return WithoutPartitionColumns(std::move(rows), state.snapshot.metadata.partition_columns);
}

Result<std::shared_ptr<arrow::Table>> InChangeFile(const LoadedState& state,
                                                   std::shared_ptr<arrow::Table> changes) {
  for (const delta::Field& hidden : state.hidden) {
    const int index = changes->schema()->GetFieldIndex(hidden.name);
    SLUICE_ARROW_ASSIGN(changes, changes->RemoveColumn(index), "_export_state");
  }
  return InDataFile(state, std::move(changes));
}

Status AddDataFile(Writing& writing, std::shared_ptr<arrow::Table> rows,
                   const delta::PartitionValues& partition, delta::Commit& commit) {
  if (rows->num_rows() == 0) return {};
  SLUICE_ASSIGN_OR_RETURN(rows, InDataFile(writing.state, std::move(rows)));
  SLUICE_ASSIGN_OR_RETURN(
      auto add, delta::WriteDataFile(writing.table_store, writing.entropy, *rows, writing.layout,
                                     partition, writing.now));
  if (writing.next_row_id) {
    add.ids = {*writing.next_row_id, commit.version.value};
    *writing.next_row_id += rows->num_rows();
  }
  commit.adds.push_back(std::move(add));
  return {};
}

// Without such a file, readers of the table's feed would see every copied row come and go.
Status AddChangeFile(Writing& writing, std::shared_ptr<arrow::Table> changes,
                     const delta::PartitionValues& partition, delta::Commit& commit) {
  if (!writing.with_changes || changes->num_rows() == 0) return {};
  SLUICE_ASSIGN_OR_RETURN(changes, InChangeFile(writing.state, std::move(changes)));
  SLUICE_ASSIGN_OR_RETURN(auto cdc, delta::WriteChangeFile(writing.table_store, writing.entropy,
                                                           *changes, writing.layout, partition));
  commit.cdc.push_back(std::move(cdc));
  return {};
}

Status AddRewrite(Writing& writing, const RowChange& change,
                  const std::pair<const delta::PartitionValues, Rewrite>& entry,
                  delta::Commit& commit, Totals& totals) {
  const auto& [partition, rewrite] = entry;
  auto applied = ChangeRows(writing.state, change, rewrite);
  if (!applied) {
    return Fail(std::move(applied).error().Within(writing.table_store.DisplayName("")));
  }
  ChangedRows changed = *std::move(applied);
  totals.inserted += changed.inserted;
  totals.updated += changed.updated;
  totals.deleted += changed.deleted;
  totals.copied += changed.copied;
  SLUICE_RETURN_IF_ERROR(AddDataFile(writing, std::move(changed.rows), partition, commit));
  SLUICE_RETURN_IF_ERROR(AddChangeFile(writing, std::move(changed.changes), partition, commit));
  for (const StateFile* file : rewrite.files) {
    commit.removes.push_back(ToRemove(file->file, writing.now));
  }
  return {};
}

// As Spark's MERGE reports itself; a change feed skips a merge that says it touched no row.
delta::CommitInfo DescribeChange(const RowChange& change, const delta::Commit& commit,
                                 const Totals& totals) {
  delta::CommitInfo info;
  info.operation = "MERGE";
  std::string name = change.source_table;
  for (size_t i = 0; (i = name.find_first_of("'\"\\", i)) != std::string::npos;) name[i] = '?';
  info.operation_parameters = {{"predicate", fmt::format(R"x(["(source_table = '{}')"])x", name)},
                               {"matchedPredicates", change.kind == RowChange::Kind::kRemove
                                                         ? R"([{"actionType":"delete"}])"
                                                         : R"([{"actionType":"update"}])"},
                               {"notMatchedPredicates", R"([{"actionType":"insert"}])"},
                               {"notMatchedBySourcePredicates", "[]"}};
  const auto put = [&](const char* key, int64_t value) {
    info.operation_metrics[key] = fmt::format("{}", value);
  };
  put("numSourceRows", change.kind == RowChange::Kind::kKeep ? 0 : 1);
  put("numTargetRowsInserted", totals.inserted);
  put("numTargetRowsUpdated", totals.updated);
  put("numTargetRowsDeleted", totals.deleted);
  put("numTargetRowsCopied", totals.copied);
  put("numOutputRows", totals.inserted + totals.updated + totals.copied);
  put("numTargetFilesAdded", static_cast<int64_t>(commit.adds.size()));
  put("numTargetFilesRemoved", static_cast<int64_t>(commit.removes.size()));
  return info;
}

Status CheckTable(const LoadedState& state, std::string_view table) {
  const delta::Snapshot& snapshot = state.snapshot;
  SLUICE_RETURN_IF_ERROR(
      delta::CheckWritable(snapshot.protocol, snapshot.metadata, snapshot.domains, table));
  if (Status partitioning = CheckPartitioning(state); !partitioning) {
    return Fail(std::move(partitioning).error().Within(table));
  }
  return {};
}

// What stops the commit of `change` in a table that may be written to.
Status RehearseChange(const LoadedState& state, const RowChange& change) {
  const delta::Snapshot& snapshot = state.snapshot;
  if (delta::SupportsRowTracking(snapshot.protocol)) {
    SLUICE_RETURN_IF_ERROR(delta::HighWaterMarkOf(snapshot.domains));
  }
  const bool with_changes = delta::PropertiesOf(snapshot.metadata).change_data_feed;
  const delta::FileLayout layout = LayoutOf(state);
  for (const auto& [partition, rewrite] : ChooseRewrites(state, change)) {
    SLUICE_ASSIGN_OR_RETURN(const ChangedRows changed, ChangeRows(state, change, rewrite));
    SLUICE_ASSIGN_OR_RETURN(const auto rows, InDataFile(state, changed.rows));
    SLUICE_RETURN_IF_ERROR(delta::RehearseDataFile(*rows, layout));
    if (!with_changes) continue;
    SLUICE_ASSIGN_OR_RETURN(const auto changes, InChangeFile(state, changed.changes));
    SLUICE_RETURN_IF_ERROR(delta::RehearseDataFile(*changes, layout));
  }
  return {};
}

void Sign(delta::CommitInfo& info, const Author& author, runtime::Entropy& entropy) {
  info.timestamp = Millis(author.now);
  info.isolation_level = "Serializable";
  info.engine_info = author.engine;
  info.txn_id = runtime::RandomUuid(entropy);
}

}  // namespace

delta::Commit CreationCommit(const Author& author, runtime::Entropy& entropy) {
  delta::Commit commit;
  commit.version = Version{0};
  delta::Metadata metadata;
  metadata.id = runtime::RandomUuid(entropy);
  metadata.schema = GuideSchema();
  metadata.schema_string = delta::SchemaToJson(metadata.schema);
  metadata.configuration = {{"delta.checkpointInterval", "10"},
                            {"delta.deletedFileRetentionDuration", "interval 1 days"},
                            {"delta.logRetentionDuration", "interval 1 days"}};
  metadata.created_time = Millis(author.now);
  delta::CommitInfo info;
  info.operation = "CREATE TABLE";
  info.operation_parameters = {{"partitionBy", "[]"}, {"isManaged", "false"}};
  info.is_blind_append = true;
  Sign(info, author, entropy);
  commit.info = std::move(info);
  commit.protocol = delta::Protocol();
  commit.metadata = std::move(metadata);
  return commit;
}

Result<delta::Commit> ChangeCommit(store::ObjectStore& table_store, runtime::Entropy& entropy,
                                   const LoadedState& state, const RowChange& change,
                                   const Author& author) {
  const delta::Snapshot& snapshot = state.snapshot;
  SLUICE_RETURN_IF_ERROR(CheckTable(state, table_store.DisplayName("")));
  delta::Commit commit;
  commit.version = Next(snapshot.version);
  Totals totals;
  SLUICE_ASSIGN_OR_RETURN(Writing writing, WritingOf(table_store, entropy, state, author.now));
  if (change.kind != RowChange::Kind::kKeep) {
    for (const auto& entry : ChooseRewrites(state, change)) {
      SLUICE_RETURN_IF_ERROR(AddRewrite(writing, change, entry, commit, totals));
    }
  }
  if (writing.next_row_id && !commit.adds.empty()) {
    commit.domains.push_back(delta::HighWaterMark(*writing.next_row_id - 1));
  }
  commit.transactions.push_back(delta::SetTransaction{author.app_id, author.n, Millis(author.now)});
  delta::CommitInfo info = DescribeChange(change, commit, totals);
  info.read_version = snapshot.version.value;
  info.is_blind_append = false;
  Sign(info, author, entropy);
  if (delta::PropertiesOf(snapshot.metadata).in_commit_timestamps) {
    info.in_commit_timestamp = std::max(Millis(author.now), Millis(snapshot.committed) + 1);
  }
  commit.info = std::move(info);
  return commit;
}

Status RehearseCommit(const LoadedState& state, const RowChange& change, std::string_view table) {
  SLUICE_RETURN_IF_ERROR(CheckTable(state, table));
  if (Status done = RehearseChange(state, change); !done) {
    return Fail(std::move(done).error().Within(table));
  }
  return {};
}

}  // namespace sluice::state
