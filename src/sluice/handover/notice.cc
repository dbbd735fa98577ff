#include "sluice/handover/notice.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/delta/feed/change_feed.h"
#include "sluice/handover/type_names.h"
#include "sluice/ledger/ledger_path.h"
#include "sluice/plan/column_choice.h"
#include "sluice/plan/output_layout.h"

namespace sluice::handover {
namespace {

constexpr int kFormat = 1;

ColumnNotice Describe(const delta::Field& field, bool int96) {
  return {field.name,
          ParquetType(field.type, int96),
          SparkType(field.type),
          BigQueryType(field.type),
          SnowflakeType(field.type),
          field.nullable,
          false};
}

std::vector<std::string> LayoutOf(const config::Table& table) {
  const std::string folder = plan::DataFolder(table.pattern(), table.name);
  const auto snapshots = [](const std::string& at) {
    return at + "snapshot_ts=YYYY-MM-DDTHH-MM-SSZ/*.parquet";
  };
  switch (table.pattern()) {
    case config::Pattern::kAppend:
      return {folder +
              (table.partition == config::Partition::kHourly ? "dt=YYYY-MM-DD/hr=HH/"
                                                             : "dt=YYYY-MM-DD/") +
              "*.parquet"};
    case config::Pattern::kCdc: {
      std::vector<std::string> layout{folder + "_commit_date=YYYY-MM-DD/*.parquet"};
      for (const auto& other : plan::DataFolders(table.pattern(), table.name)) {
        if (other != folder) layout.push_back(snapshots(other));
      }
      return layout;
    }
    case config::Pattern::kSnapshot:
      break;
  }
  return {snapshots(folder)};
}

/// The fields of the files, those that a feed adds included.
Result<std::vector<delta::Field>> FieldsOf(const TableFacts& facts) {
  std::vector<delta::Field> fields = facts.columns;
  if (facts.newest) {
    auto schema = delta::ParseSchema(facts.newest->schema.dump());
    if (!schema) {
      return Fail(std::move(schema).error().Within(
          fmt::format("manifest {} of '{}'", facts.newest->n, facts.table->name)));
    }
    fields = std::move(schema->fields);
  }
  // What is kept back from now on is not named any more, although an earlier export may hold it.
  std::erase_if(fields, [&](const delta::Field& field) {
    return plan::StaysInSource(*facts.table, field.name);
  });
  if (!facts.table->is_cdc()) return fields;
  const bool has_them = std::any_of(fields.begin(), fields.end(), [](const delta::Field& field) {
    return field.name == delta::kChangeTypeColumn;
  });
  return has_them ? fields : delta::WithFeedColumns(std::move(fields));
}

Result<TableNotice> MakeTable(const TableFacts& facts) {
  const config::Table& table = *facts.table;
  TableNotice notice;
  notice.table = table.table;
  notice.name = table.name;
  notice.pattern = config::Name(table.pattern());
  notice.watermark = table.watermark();
  notice.layout = LayoutOf(table);
  notice.manifests = ledger::ManifestFolder(table.name);
  notice.schedule = table.schedule;
  notice.timezone = table.timezone.name();
  if (table.is_append()) notice.late_rows = config::Name(table.late_rows);
  if (table.is_snapshot()) notice.keep = table.snapshot().keep;
  SLUICE_ASSIGN_OR_RETURN(const auto fields, FieldsOf(facts));
  const bool int96 = table.timestamps == config::Timestamps::kSource;
  for (const auto& field : fields) notice.columns.push_back(Describe(field, int96));
  const delta::Field in_path;  // a string
  for (const auto& name : plan::PartitionColumns(table.pattern(), table.partition)) {
    ColumnNotice column = Describe(in_path, false);
    column.name = name;
    column.parquet = "in the path";
    column.nullable = false;
    column.in_path = true;
    notice.columns.push_back(std::move(column));
  }
  notice.exports = facts.exports;
  notice.samples = facts.samples;
  return notice;
}

void Different(const std::string& what, const std::string& before, const std::string& now,
               std::vector<std::string>& changes) {
  if (before == now) return;
  const auto shown = [](const std::string& text) { return text.empty() ? "not given" : text; };
  changes.push_back(fmt::format("{}: {}, before {}", what, shown(now), shown(before)));
}

const ColumnNotice* Find(const std::vector<ColumnNotice>& columns, const std::string& name) {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const auto& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

void CompareTables(const TableNotice& before, const TableNotice& now,
                   std::vector<std::string>& changes) {
  const auto of = [&](const char* what) { return fmt::format("{}: {}", now.table, what); };
  Different(of("pattern"), before.pattern, now.pattern, changes);
  Different(of("folders"), fmt::format("{}", fmt::join(before.layout, ", ")),
            fmt::format("{}", fmt::join(now.layout, ", ")), changes);
  Different(of("manifests"), before.manifests, now.manifests, changes);
  Different(of("watermark"), before.watermark, now.watermark, changes);
  Different(of("cadence"), before.schedule, now.schedule, changes);
  Different(of("time zone"), before.timezone, now.timezone, changes);
  Different(of("late rows"), before.late_rows, now.late_rows, changes);
  Different(of("snapshots kept"), std::to_string(before.keep), std::to_string(now.keep), changes);
  for (const auto& column : now.columns) {
    const ColumnNotice* former = Find(before.columns, column.name);
    if (former == nullptr) {
      changes.push_back(
          fmt::format("{}: column {} ({}) added", now.table, column.name, column.spark));
      continue;
    }
    Different(fmt::format("{}: type of column {}", now.table, column.name), former->spark,
              column.spark, changes);
    if (former->spark == column.spark) {
      Different(fmt::format("{}: Parquet type of column {}", now.table, column.name),
                former->parquet, column.parquet, changes);
    }
    if (former->nullable != column.nullable) {
      changes.push_back(fmt::format("{}: column {} {}", now.table, column.name,
                                    column.nullable ? "may be NULL now" : "is never NULL now"));
    }
  }
  for (const auto& column : before.columns) {
    if (Find(now.columns, column.name) != nullptr) continue;
    changes.push_back(fmt::format("{}: column {} dropped", now.table, column.name));
  }
}

std::vector<std::string> Compare(const Notice& before, const Notice& now) {
  std::vector<std::string> changes;
  Different("destination", before.url, now.url, changes);
  Different("region", before.region, now.region, changes);
  Different("encryption", before.encryption, now.encryption, changes);
  const auto find = [](const Notice& notice, const std::string& name) {
    return std::find_if(notice.tables.begin(), notice.tables.end(),
                        [&](const TableNotice& table) { return table.table == name; });
  };
  for (const auto& table : now.tables) {
    const auto former = find(before, table.table);
    if (former == before.tables.end()) {
      changes.push_back(fmt::format("{}: new, pattern {}", table.table, table.pattern));
    } else {
      CompareTables(*former, table, changes);
    }
  }
  for (const auto& table : before.tables) {
    if (find(now, table.table) != now.tables.end()) continue;
    changes.push_back(fmt::format("{}: no longer exported", table.table));
  }
  return changes;
}

Json ToJson(const TableNotice& table) {
  Json columns = Json::array();
  for (const auto& column : table.columns) {
    columns.push_back({{"name", column.name},
                       {"parquet", column.parquet},
                       {"spark", column.spark},
                       {"bigquery", column.bigquery},
                       {"snowflake", column.snowflake},
                       {"nullable", column.nullable},
                       {"in_path", column.in_path}});
  }
  return {{"table", table.table},          {"name", table.name},
          {"pattern", table.pattern},      {"watermark", table.watermark},
          {"layout", table.layout},        {"manifests", table.manifests},
          {"schedule", table.schedule},    {"timezone", table.timezone},
          {"late_rows", table.late_rows},  {"keep", table.keep},
          {"columns", std::move(columns)}, {"exports", table.exports},
          {"samples", table.samples}};
}

TableNotice TableOf(const Json& json) {
  TableNotice table;
  json.at("table").get_to(table.table);
  json.at("name").get_to(table.name);
  json.at("pattern").get_to(table.pattern);
  json.at("watermark").get_to(table.watermark);
  json.at("layout").get_to(table.layout);
  json.at("manifests").get_to(table.manifests);
  json.at("schedule").get_to(table.schedule);
  json.at("timezone").get_to(table.timezone);
  json.at("late_rows").get_to(table.late_rows);
  json.at("keep").get_to(table.keep);
  json.at("exports").get_to(table.exports);
  json.at("samples").get_to(table.samples);
  for (const auto& column : json.at("columns")) {
    table.columns.push_back({column.at("name"), column.at("parquet"), column.at("spark"),
                             column.at("bigquery"), column.at("snowflake"), column.at("nullable"),
                             column.at("in_path")});
  }
  return table;
}

Result<Timestamp> TimeOf(const Json& json) {
  return ParseTimestamp(json.get<std::string>(), TimeZone::Utc());
}

}  // namespace

Result<Notice> MakeNotice(const config::Config& config, const store::Location& destination,
                          const std::vector<TableFacts>& tables, Timestamp now,
                          std::string_view program) {
  Notice notice;
  notice.url = destination.ToString() + "/";
  if (destination.scheme == store::Location::Scheme::kS3) {
    notice.region = config.destination.options.region.value_or("");
  }
  switch (config.destination.encryption.type) {
    case config::Encryption::Type::kNone:
      notice.encryption = "none";
      break;
    case config::Encryption::Type::kSseS3:
      notice.encryption = "sse-s3";
      break;
    case config::Encryption::Type::kSseKms:
      notice.encryption = "sse-kms";
      break;
  }
  notice.made_at = now;
  notice.program = program;
  for (const auto& facts : tables) {
    SLUICE_ASSIGN_OR_RETURN(auto table, MakeTable(facts));
    notice.tables.push_back(std::move(table));
  }
  return notice;
}

void TellChanges(const Notice& before, Notice& notice) {
  notice.changes = Compare(before, notice);
  notice.since = before.made_at;
  if (!notice.changes.empty()) return;
  notice.changes = before.changes;
  notice.since = before.since;
}

Json ToJson(const Notice& notice) {
  Json tables = Json::array();
  for (const auto& table : notice.tables) tables.push_back(ToJson(table));
  return {{"format", kFormat},
          {"url", notice.url},
          {"region", notice.region},
          {"encryption", notice.encryption},
          {"program", notice.program},
          {"made_at", FormatTimestamp(notice.made_at)},
          {"since", notice.since ? Json(FormatTimestamp(*notice.since)) : Json(nullptr)},
          {"changes", notice.changes},
          {"tables", std::move(tables)}};
}

Result<Notice> ParseNotice(std::string_view text, std::string_view file) {
  const auto corrupt = [&](std::string_view why) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{}: not the JSON of a notice ({})", file, why),
                      "name another file with --since, or remove it to begin anew"});
  };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("format")) return corrupt("no object with a `format`");
  if (json["format"] != kFormat) {
    return Fail(Error{ErrorKind::kUnsupported,
                      fmt::format("{}: a notice of format {}, which this program does not know",
                                  file, json["format"].dump()),
                      "use the program that wrote it, or name another file"});
  }
  Notice notice;
  try {
    json.at("url").get_to(notice.url);
    json.at("region").get_to(notice.region);
    json.at("encryption").get_to(notice.encryption);
    json.at("program").get_to(notice.program);
    json.at("changes").get_to(notice.changes);
    for (const auto& table : json.at("tables")) notice.tables.push_back(TableOf(table));
    auto made = TimeOf(json.at("made_at"));
    if (!made) return corrupt("made_at");
    notice.made_at = *made;
    if (json.at("since").is_string()) {
      auto since = TimeOf(json.at("since"));
      if (!since) return corrupt("since");
      notice.since = *since;
    }
  } catch (const Json::exception& error) {
    return corrupt(error.what());
  }
  return notice;
}

}  // namespace sluice::handover
