#include "sluice/state/state_rows.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sluice/columnar/arrow_io.h"
#include "sluice/columnar/parquet_encoder.h"

namespace sluice::state {
namespace {

constexpr std::string_view kContext = "_export_state";

struct GuideColumn {
  const char* name;
  delta::TypeId type;
  int StateColumns::*index;
};
constexpr GuideColumn kGuideColumns[] = {
    {"source_table", delta::TypeId::kString, &StateColumns::source_table},
    {"last_exported_end_time", delta::TypeId::kTimestamp, &StateColumns::end_time},
    {"last_exported_version", delta::TypeId::kLong, &StateColumns::version},
    {"last_run_timestamp", delta::TypeId::kTimestamp, &StateColumns::run_timestamp},
};

template <typename ArrayType>
const ArrayType& As(const arrow::Array& array) {
  return static_cast<const ArrayType&>(array);
}

std::optional<Timestamp> TimestampAt(const arrow::Array& array, int64_t i) {
  if (array.IsNull(i)) return std::nullopt;
  return Timestamp{As<arrow::TimestampArray>(array).Value(i)};
}

// The rows named `name`, ascending, in a table of one chunk.
std::vector<int64_t> FindRows(const arrow::RecordBatch& rows, const StateColumns& columns,
                              std::string_view name) {
  const arrow::Array& names = *rows.column(columns.source_table);
  std::vector<int64_t> found;
  for (int64_t i = 0; i < names.length(); ++i) {
    if (names.IsNull(i)) continue;
    if (columns.NameOf(As<arrow::StringArray>(names).GetView(i)) == name) found.push_back(i);
  }
  return found;
}

arrow::Result<std::shared_ptr<arrow::Array>> OneValue(const std::shared_ptr<arrow::DataType>& type,
                                                      int64_t value) {
  std::shared_ptr<arrow::Array> array;
  if (type->id() == arrow::Type::TIMESTAMP) {
    arrow::TimestampBuilder builder(type, arrow::default_memory_pool());
    ARROW_RETURN_NOT_OK(builder.Append(value));
    ARROW_RETURN_NOT_OK(builder.Finish(&array));
  } else {
    arrow::Int64Builder builder;
    ARROW_RETURN_NOT_OK(builder.Append(value));
    ARROW_RETURN_NOT_OK(builder.Finish(&array));
  }
  return array;
}

arrow::Result<std::shared_ptr<arrow::Array>> OneValue(const std::string& text) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Append(text));
  return builder.Finish();
}

// Column `i` of the row that is set; `from`: the row it was, nullopt for a new one.
arrow::Result<std::shared_ptr<arrow::Array>> SetRowColumn(const arrow::Array& column, int i,
                                                          const StateColumns& columns,
                                                          const RowChange& change,
                                                          std::optional<int64_t> from) {
  const int moved = change.progress == Progress::kEndTime ? columns.end_time : columns.version;
  if (i == moved) return OneValue(column.type(), change.position);
  if (i == columns.run_timestamp) return OneValue(column.type(), change.ran_at.micros);
  // The row keeps its id; the commit that writes it is the file's own.
  if (i == columns.row_commit_version) return arrow::MakeArrayOfNull(column.type(), 1);
  if (from) return column.Slice(*from, 1);
  if (i == columns.source_table)
    return OneValue(StoredName(change.source_table, columns.name_limit));
  return arrow::MakeArrayOfNull(column.type(), 1);
}

arrow::Result<std::shared_ptr<arrow::Array>> ChangeColumn(const arrow::Array& column, int i,
                                                          const StateColumns& columns,
                                                          const RowChange& change,
                                                          const std::vector<int64_t>& named) {
  arrow::ArrayVector pieces;
  int64_t next = 0;
  bool set = change.kind != RowChange::Kind::kSet;
  for (const int64_t row : named) {
    if (next < row) pieces.push_back(column.Slice(next, row - next));
    next = row + 1;
    if (set) continue;
    ARROW_ASSIGN_OR_RAISE(auto piece, SetRowColumn(column, i, columns, change, row));
    pieces.push_back(std::move(piece));
    set = true;
  }
  if (next < column.length()) pieces.push_back(column.Slice(next));
  if (!set) {
    ARROW_ASSIGN_OR_RAISE(auto piece, SetRowColumn(column, i, columns, change, std::nullopt));
    pieces.push_back(std::move(piece));
  }
  if (pieces.empty()) return column.Slice(0, 0);
  return arrow::Concatenate(pieces);
}

// The rows named `name`, each with `change_type`.
arrow::Result<std::shared_ptr<arrow::Table>> Changes(const arrow::RecordBatch& rows,
                                                     const StateColumns& columns,
                                                     std::string_view name,
                                                     const std::vector<std::string>& change_types) {
  const std::vector<int64_t> named = FindRows(rows, columns, name);
  ARROW_ASSIGN_OR_RAISE(
      const auto schema,
      rows.schema()->AddField(rows.num_columns(), arrow::field("_change_type", arrow::utf8())));
  std::vector<std::shared_ptr<arrow::Table>> parts;
  ARROW_ASSIGN_OR_RAISE(auto none, arrow::Table::MakeEmpty(schema));
  parts.push_back(std::move(none));
  for (size_t k = 0; k < named.size(); ++k) {
    arrow::ArrayVector row = rows.Slice(named[k], 1)->columns();
    ARROW_ASSIGN_OR_RAISE(auto type, OneValue(change_types[std::min(k, change_types.size() - 1)]));
    row.push_back(std::move(type));
    parts.push_back(arrow::Table::Make(schema, row, 1));
  }
  return arrow::ConcatenateTables(parts);
}

// Of several rows of that name the first is set, the others go.
arrow::Result<std::shared_ptr<arrow::Table>> AllChanges(const arrow::RecordBatch& before,
                                                        const arrow::RecordBatch& after,
                                                        const StateColumns& columns,
                                                        const RowChange& change, bool was_there) {
  const bool set = change.kind == RowChange::Kind::kSet;
  ARROW_ASSIGN_OR_RAISE(auto gone, Changes(before, columns, change.source_table,
                                           {set ? "update_preimage" : "delete", "delete"}));
  ARROW_ASSIGN_OR_RAISE(auto come, Changes(after, columns, change.source_table,
                                           {was_there ? "update_postimage" : "insert"}));
  return arrow::ConcatenateTables({gone, come});
}

Status CheckNotNull(const arrow::Table& rows, const RowChange& change) {
  for (int i = 0; i < rows.num_columns(); ++i) {
    if (rows.field(i)->nullable() || rows.column(i)->null_count() == 0) continue;
    return Fail(
        Error{ErrorKind::kUnsupported,
              fmt::format("column '{}' is NOT NULL, and the row to be written for {} has no value "
                          "for it",
                          rows.field(i)->name(), change.source_table),
              fmt::format("take NOT NULL from the column of the state table (ALTER TABLE ... ALTER "
                          "COLUMN {} DROP NOT NULL), or insert a row for {} with a value in it",
                          rows.field(i)->name(), change.source_table)});
  }
  return {};
}

Status CheckNameFits(const std::string& name, const delta::TextLimit& limit) {
  if (limit.characters == 0 || delta::CountCharacters(name) <= limit.characters) return {};
  return Fail(
      Error{ErrorKind::kUnsupported,
            fmt::format("column source_table is {}({}), which is too short for {}",
                        limit.padded ? "char" : "varchar", limit.characters, name),
            "lengthen the column of the state table (ALTER TABLE ... ALTER COLUMN source_table "
            "TYPE STRING)"});
}

bool IsKeepable(const delta::Field& column) {
  const auto type = delta::ToArrow(column.type);
  if (!type) return false;
  return columnar::CheckEncodable(arrow::Schema({arrow::field(column.name, *type)})).has_value();
}

}  // namespace

std::string_view StateColumns::NameOf(std::string_view stored) const {
  // 0 characters where all are blanks.
  return name_limit.padded ? stored.substr(0, stored.find_last_not_of(' ') + 1) : stored;
}

std::string StoredName(std::string name, const delta::TextLimit& limit) {
  if (limit.padded) {
    name.append(std::max<int64_t>(limit.characters - delta::CountCharacters(name), 0), ' ');
  }
  return name;
}

Status CheckKeepable(const delta::TableSchema& schema, std::string_view table) {
  std::vector<std::string> names, what;
  for (const delta::Field& column : schema.fields) {
    if (IsKeepable(column)) continue;
    names.push_back(column.name);
    what.push_back(fmt::format("'{}' of type {}", column.name, column.type.ToString()));
  }
  if (names.empty()) return {};
  return Fail(
      Error{ErrorKind::kUnsupported,
            fmt::format("{} has columns whose values sluice cannot keep: {}", table,
                        fmt::join(what, ", ")),
            fmt::format("drop them from the state table (ALTER TABLE ... DROP COLUMNS ({})), or {}",
                        fmt::join(names, ", "), kWithoutIt)});
}

delta::TableSchema GuideSchema() {
  delta::TableSchema schema;
  for (const GuideColumn& column : kGuideColumns) {
    delta::Field field;
    field.name = column.name;
    field.type.id = column.type;
    schema.fields.push_back(std::move(field));
  }
  return schema;
}

Result<StateColumns> FindStateColumns(const delta::TableSchema& schema, std::string_view table) {
  StateColumns columns;
  std::vector<std::string> wrong;
  for (const GuideColumn& wanted : kGuideColumns) {
    delta::DataType type;
    type.id = wanted.type;
    const delta::Field* field = schema.Find(wanted.name);
    if (field == nullptr) {
      wrong.push_back(fmt::format("{} is missing", wanted.name));
    } else if (field->type.id != wanted.type) {
      wrong.push_back(
          fmt::format("{} is {} and not {}", wanted.name, field->type.ToString(), type.ToString()));
    } else {
      columns.*wanted.index = static_cast<int>(field - schema.fields.data());
    }
  }
  if (wrong.empty()) {
    columns.name_limit = delta::TextLimitOf(schema.fields[columns.source_table]);
    return columns;
  }
  return Fail(Error{ErrorKind::kUnsupported,
                    fmt::format("{} has not the columns of an export state table: {}", table,
                                fmt::join(wrong, ", ")),
                    "give another place under `state`, or create the table as the guide says"});
}

std::vector<StateRow> ReadRows(const arrow::Table& rows, const StateColumns& columns) {
  std::vector<StateRow> out;
  arrow::TableBatchReader reader(rows);
  std::shared_ptr<arrow::RecordBatch> batch;
  while (reader.ReadNext(&batch).ok() && batch != nullptr) {
    const arrow::Array& names = *batch->column(columns.source_table);
    const arrow::Array& versions = *batch->column(columns.version);
    for (int64_t i = 0; i < batch->num_rows(); ++i) {
      if (names.IsNull(i)) continue;
      StateRow row;
      row.source_table = columns.NameOf(As<arrow::StringArray>(names).GetView(i));
      row.last_exported_end_time = TimestampAt(*batch->column(columns.end_time), i);
      if (versions.IsValid(i)) {
        row.last_exported_version = Version{As<arrow::Int64Array>(versions).Value(i)};
      }
      row.last_run_timestamp = TimestampAt(*batch->column(columns.run_timestamp), i);
      out.push_back(std::move(row));
    }
  }
  return out;
}

Result<ChangedRows> ApplyChange(const arrow::Table& rows, const StateColumns& columns,
                                const RowChange& change) {
  SLUICE_ARROW_ASSIGN(const auto batch, rows.CombineChunksToBatch(), kContext);
  const std::vector<int64_t> named = FindRows(*batch, columns, change.source_table);
  if (named.empty() && change.kind == RowChange::Kind::kSet) {
    SLUICE_RETURN_IF_ERROR(CheckNameFits(change.source_table, columns.name_limit));
  }
  arrow::ArrayVector changed;
  for (int i = 0; i < batch->num_columns(); ++i) {
    SLUICE_ARROW_ASSIGN(auto column, ChangeColumn(*batch->column(i), i, columns, change, named),
                        kContext);
    changed.push_back(std::move(column));
  }
  const auto count = static_cast<int64_t>(named.size());
  const bool set = change.kind == RowChange::Kind::kSet;
  ChangedRows out;
  out.rows = arrow::Table::Make(batch->schema(), changed);
  out.inserted = set && count == 0 ? 1 : 0;
  out.updated = set && count > 0 ? 1 : 0;
  out.deleted = count - out.updated;
  out.copied = batch->num_rows() - count;
  SLUICE_RETURN_IF_ERROR(CheckNotNull(*out.rows, change));
  const auto after = arrow::RecordBatch::Make(batch->schema(), out.rows->num_rows(), changed);
  SLUICE_ARROW_ASSIGN(out.changes, AllChanges(*batch, *after, columns, change, count > 0),
                      kContext);
  return out;
}

}  // namespace sluice::state
