#include "sluice/testing/table_builder.h"

#include <arrow/builder.h>
#include <arrow/table.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/delta/log/log_path.h"
#include "sluice/delta/write/checkpoint_writer.h"
#include "sluice/delta/write/committer.h"
#include "sluice/delta/write/data_file_writer.h"
#include "sluice/testing/matchers.h"

namespace sluice::testing {
namespace {

using delta::TypeId;

constexpr int64_t kMicrosOfDay = 86'400'000'000;
constexpr const char* kFeed = "delta.enableChangeDataFeed";
constexpr const char* kInCommitTimestamps = "delta.enableInCommitTimestamps";

int64_t DayOf(int64_t micros) {
  return micros / kMicrosOfDay - (micros % kMicrosOfDay < 0 ? 1 : 0);
}

/// As Spark casts a timestamp to a string, for text watermarks.
std::string TextOf(int64_t micros) {
  const CivilTime t = TimeZone::Utc().ToCivil(Timestamp{micros});
  std::string text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day,
                                 t.hour, t.minute, t.second);
  if (t.micros != 0) text += fmt::format(".{:06}", t.micros);
  return text;
}

template <typename Builder, typename Value, typename Get>
std::shared_ptr<arrow::Array> Column(Builder builder, const std::vector<Row>& rows, Get get) {
  for (const Row& row : rows) {
    const std::optional<Value> value = get(row);
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Texts(
    const std::vector<Row>& rows,
    const std::function<std::optional<std::string>(const Row&)>& get) {
  return Column<arrow::StringBuilder, std::string>(arrow::StringBuilder(), rows, get);
}

std::shared_ptr<arrow::Array> Watermarks(TypeId type, const std::vector<Row>& rows) {
  const auto micros = [](const Row& row) { return row.ts; };
  switch (type) {
    case TypeId::kDate:
      return Column<arrow::Date32Builder, int32_t>(arrow::Date32Builder(), rows,
                                                   [](const Row& row) -> std::optional<int32_t> {
                                                     if (!row.ts) return std::nullopt;
                                                     return static_cast<int32_t>(DayOf(*row.ts));
                                                   });
    case TypeId::kString:
      return Texts(rows, [](const Row& row) -> std::optional<std::string> {
        if (!row.ts) return std::nullopt;
        return TextOf(*row.ts);
      });
    default: {
      const auto arrow_type =
          arrow::timestamp(arrow::TimeUnit::MICRO, type == TypeId::kTimestamp ? "UTC" : "");
      return Column<arrow::TimestampBuilder, int64_t>(
          arrow::TimestampBuilder(arrow_type, arrow::default_memory_pool()), rows, micros);
    }
  }
}

/// The rows with the columns of `schema`: id, ts, text, and those that were added.
std::shared_ptr<arrow::Table> ToTable(const delta::TableSchema& schema,
                                      const std::vector<Row>& rows) {
  std::vector<std::shared_ptr<arrow::Array>> columns;
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const delta::Field& field : schema.fields) {
    if (field.name == "id") {
      columns.push_back(Column<arrow::Int64Builder, int64_t>(
          arrow::Int64Builder(), rows, [](const Row& row) { return std::optional(row.id); }));
    } else if (field.name == "ts") {
      columns.push_back(Watermarks(field.type.id, rows));
    } else if (field.name == "text") {
      columns.push_back(Texts(rows, [](const Row& row) { return row.text; }));
    } else {
      columns.push_back(Texts(rows, [](const Row& row) { return row.added; }));
    }
    fields.push_back(arrow::field(field.name, columns.back()->type()));
  }
  return arrow::Table::Make(arrow::schema(fields), columns, static_cast<int64_t>(rows.size()));
}

/// The change data file's table: each row with what was done to it.
std::shared_ptr<arrow::Table> ToChanges(const delta::TableSchema& schema,
                                        const std::vector<std::pair<Row, std::string>>& changes) {
  std::vector<Row> rows;
  arrow::StringBuilder types;
  for (const auto& [row, type] : changes) {
    rows.push_back(row);
    EXPECT_TRUE(types.Append(type).ok());
  }
  const auto table = ToTable(schema, rows);
  const auto column = std::make_shared<arrow::ChunkedArray>(types.Finish().ValueOrDie());
  return table->AddColumn(table->num_columns(), arrow::field("_change_type", arrow::utf8()), column)
      .ValueOrDie();
}

delta::Field FieldOf(const std::string& name, TypeId type) {
  delta::Field field;
  field.name = name;
  field.type.id = type;
  return field;
}

template <typename T>
T ValueOf(Result<T> result) {
  EXPECT_THAT(result, IsOk());
  return std::move(result).value_or(T());
}

}  // namespace

TableBuilder::TableBuilder(std::shared_ptr<store::ObjectStore> table_store, TableOptions options)
    : store_(std::move(table_store)), options_(std::move(options)) {
  Recreate(options_.id);
}

TableBuilder& TableBuilder::At(Timestamp now) {
  now_ = now;
  return *this;
}

bool TableBuilder::feed_on() const {
  const auto found = metadata_.configuration.find(kFeed);
  return found != metadata_.configuration.end() && found->second == "true";
}

delta::Metadata TableBuilder::NewMetadata(const std::string& id) const {
  delta::Metadata metadata;
  metadata.id = id;
  metadata.schema.fields = {FieldOf("id", TypeId::kLong), FieldOf("ts", options_.watermark_type),
                            FieldOf("text", TypeId::kString)};
  metadata.schema_string = delta::SchemaToJson(metadata.schema);
  metadata.configuration = options_.properties;
  metadata.created_time = now_.micros / 1000;
  return metadata;
}

Version TableBuilder::Commit(const std::string& operation, delta::Commit commit) {
  commit.version = Next(version_);
  delta::CommitInfo info;
  info.operation = operation;
  info.timestamp = now_.micros / 1000;
  info.engine_info = "table-builder";
  info.txn_id = runtime::RandomUuid(*entropy_);
  if (metadata_.configuration.contains(kInCommitTimestamps)) {
    info.in_commit_timestamp = now_.micros / 1000;
  }
  commit.info = std::move(info);
  EXPECT_THAT(delta::WriteCommit(*store_, commit), IsOkAnd(delta::CommitOutcome::kCommitted));
  version_ = commit.version;
  history_[version_] = Rows();
  const auto files = Files();
  live_[version_] = {files.begin(), files.end()};
  return version_;
}

TableBuilder::File TableBuilder::Write(const std::vector<Row>& rows) {
  const auto table = ToTable(metadata_.schema, rows);
  File file{ValueOf(delta::WriteDataFile(*store_, *entropy_, *table, {}, {}, now_)), rows};
  for (const Row& row : rows) written_[file.add.path].push_back({row, ""});
  return file;
}

Version TableBuilder::Append(const std::vector<Row>& rows) {
  files_.push_back(Write(rows));
  delta::Commit commit;
  commit.adds = {files_.back().add};
  return Commit("WRITE", std::move(commit));
}

Version TableBuilder::Rewrite(const std::string& operation,
                              const std::function<std::optional<Row>(const Row&)>& change) {
  delta::Commit commit;
  std::vector<File> files;
  std::vector<std::pair<Row, std::string>> changes;
  for (File& file : files_) {
    std::vector<Row> after;
    bool changed = false;
    for (const Row& row : file.rows) {
      const auto now = change(row);
      changed |= now != row;
      if (!now) changes.emplace_back(row, "delete");
      if (now && *now != row) {
        changes.emplace_back(row, "update_preimage");
        changes.emplace_back(*now, "update_postimage");
      }
      if (now) after.push_back(*now);
    }
    if (!changed) {
      files.push_back(std::move(file));
      continue;
    }
    delta::RemoveFile remove;
    remove.path = file.add.path;
    remove.deletion_timestamp = now_.micros / 1000;
    remove.extended_file_metadata = true;
    remove.size = file.add.size;
    commit.removes.push_back(std::move(remove));
    if (after.empty()) continue;
    files.push_back(Write(after));
    commit.adds.push_back(files.back().add);
  }
  if (feed_on() && !commit.adds.empty()) {
    const auto table = ToChanges(metadata_.schema, changes);
    const auto written = ValueOf(delta::WriteDataFile(*store_, *entropy_, *table, {}, {}, now_));
    commit.cdc = {delta::AddCdcFile{written.path, {}, written.size}};
    for (const auto& [row, change] : changes) written_[written.path].push_back({row, change});
  }
  files_ = std::move(files);
  return Commit(operation, std::move(commit));
}

Version TableBuilder::Delete(const Predicate& rows) {
  return Rewrite("DELETE", [&](const Row& row) -> std::optional<Row> {
    if (rows(row)) return std::nullopt;
    return row;
  });
}

Version TableBuilder::Update(const Predicate& rows, const std::string& text) {
  return Rewrite("UPDATE", [&](Row row) -> std::optional<Row> {
    if (rows(row)) row.text = text;
    return row;
  });
}

void TableBuilder::RemoveAll(delta::Commit& commit, bool data_change) {
  for (const File& file : files_) {
    delta::RemoveFile remove;
    remove.path = file.add.path;
    remove.deletion_timestamp = now_.micros / 1000;
    remove.data_change = data_change;
    remove.extended_file_metadata = true;
    remove.size = file.add.size;
    commit.removes.push_back(std::move(remove));
  }
  files_.clear();
}

Version TableBuilder::Optimize() {
  File whole = Write(Rows());
  whole.add.data_change = false;
  delta::Commit commit;
  RemoveAll(commit, false);
  commit.adds = {whole.add};
  files_ = {std::move(whole)};
  return Commit("OPTIMIZE", std::move(commit));
}

Version TableBuilder::AddColumn(const std::string& name) {
  metadata_.schema.fields.push_back(FieldOf(name, TypeId::kString));
  metadata_.schema_string = delta::SchemaToJson(metadata_.schema);
  delta::Commit commit;
  commit.metadata = metadata_;
  return Commit("ADD COLUMNS", std::move(commit));
}

Version TableBuilder::SetProperty(const std::string& key, const std::string& value) {
  metadata_.configuration[key] = value;
  delta::Commit commit;
  commit.metadata = metadata_;
  return Commit("SET TBLPROPERTIES", std::move(commit));
}

Version TableBuilder::Replace(const std::string& id) {
  delta::Commit commit;
  RemoveAll(commit, true);
  metadata_ = NewMetadata(id);
  commit.metadata = metadata_;
  return Commit("CREATE OR REPLACE TABLE", std::move(commit));
}

Version TableBuilder::Recreate(const std::string& id) {
  for (const auto& object : ValueOf(store::ListAll(*store_, ""))) {
    EXPECT_THAT(store_->Delete(object.key), IsOk());
  }
  files_.clear();
  history_.clear();
  version_ = Version();
  metadata_ = NewMetadata(id);
  delta::Commit commit;
  commit.metadata = metadata_;
  delta::Protocol protocol{1, 7, {}, {"appendOnly", "invariants", "changeDataFeed"}};
  if (metadata_.configuration.contains(kInCommitTimestamps)) {
    protocol.writer_features.emplace_back("inCommitTimestamp");
  }
  if (options_.watermark_type == TypeId::kTimestampNtz) {
    protocol.min_reader_version = 3;
    protocol.reader_features = {"timestampNtz"};
    protocol.writer_features.emplace_back("timestampNtz");
  }
  commit.protocol = std::move(protocol);
  return Commit("CREATE TABLE", std::move(commit));
}

void TableBuilder::Checkpoint() {
  EXPECT_THAT(delta::WriteCheckpoint(store_, version_, now_), IsOk());
}

void TableBuilder::Vacuum() {
  const auto live = Files();
  for (const auto& object : ValueOf(store::ListAll(*store_, "part-"))) {
    if (std::find(live.begin(), live.end(), object.key) != live.end()) continue;
    EXPECT_THAT(store_->Delete(object.key), IsOk());
  }
}

void TableBuilder::CleanLog(Version version) {
  for (int64_t v = 0; v < version.value; ++v) {
    EXPECT_THAT(store_->Delete(delta::CommitKey(Version{v})), IsOk());
  }
}

std::vector<Row> TableBuilder::Rows() const {
  std::vector<Row> rows;
  for (const File& file : files_) rows.insert(rows.end(), file.rows.begin(), file.rows.end());
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<Row> TableBuilder::RowsAt(Version version) const {
  const auto found = history_.find(version);
  EXPECT_NE(found, history_.end()) << "no version " << version.value;
  return found == history_.end() ? std::vector<Row>() : found->second;
}

const std::vector<TableBuilder::FileRow>& TableBuilder::RowsIn(const std::string& path) const {
  static const std::vector<FileRow> kNone;
  const auto found = written_.find(path);
  return found == written_.end() ? kNone : found->second;
}

bool TableBuilder::WasLive(const std::string& path, Version version) const {
  const auto found = live_.find(version);
  return found != live_.end() && found->second.contains(path);
}

std::vector<std::string> TableBuilder::Files() const {
  std::vector<std::string> paths;
  for (const File& file : files_) paths.push_back(file.add.path);
  return paths;
}

}  // namespace sluice::testing
