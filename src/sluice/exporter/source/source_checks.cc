#include "sluice/exporter/source/source_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sluice/delta/schema/column_mapping.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::exporter {

namespace {

// What an earlier run noted of the columns. All have a physical name then, whether mapped or not.
Result<delta::TableSchema> ParseNoted(const std::string& json) {
  SLUICE_ASSIGN_OR_RETURN(delta::TableSchema schema, delta::ParseSchema(json));
  SLUICE_RETURN_IF_ERROR(delta::MapColumns(schema, delta::ColumnMappingMode::kName));
  return schema;
}

// Under its name there may be another column now: rows would be chosen by other values than those of the windows
// that were exported.
Status RequireSameWatermark(const config::Table& table, const delta::TableSchema& before,
                            const delta::TableSchema& after) {
  const delta::Field* const old = before.Find(table.watermark());
  const delta::Field* const now = after.Find(table.watermark());
  if (old == nullptr || now == nullptr) return {};
  if (old->physical_name == now->physical_name) return {};
  std::string remedy = fmt::format(
      "export this table under another `name`, or run `sluice state forget {}` to "
      "begin again",
      table.name);
  for (const auto& field : after.fields) {
    if (field.physical_name != old->physical_name) continue;
    remedy = fmt::format("set `watermark: {}`, which is the column's name now", field.name);
  }
  return Fail(Error{ErrorKind::kConflict,
                    fmt::format("the watermark '{}' is another column than the one that earlier "
                                "windows were chosen by: it was renamed or dropped in the source, "
                                "and its name was given to this one",
                                table.watermark()),
                    std::move(remedy)});
}

}  // namespace

Result<std::vector<std::string>> CheckSchemaChange(const config::Table& table,
                                                   const plan::SourceFacts& facts) {
  const config::SchemaChange policy = table.on_schema_change;
  const ledger::Position& position = facts.position;
  if (position.exported_schema.empty() || position.exported_schema == facts.exported_schema) {
    return std::vector<std::string>{};
  }
  SLUICE_ASSIGN_OR_RETURN(const auto before, ParseNoted(position.exported_schema));
  SLUICE_ASSIGN_OR_RETURN(const auto after, ParseNoted(facts.exported_schema));
  SLUICE_RETURN_IF_ERROR(RequireSameWatermark(table, before, after));
  if (policy == config::SchemaChange::kIgnore || position.column_choice != facts.column_choice) {
    return std::vector<std::string>{};
  }
  const auto changes = delta::DescribeSchemaChange(before, after);
  if (changes.empty()) return std::vector<std::string>{};
  const std::string what = fmt::format("the source's schema changed since the last export: {}",
                                       fmt::join(changes, "; "));
  if (policy == config::SchemaChange::kFail) {
    return Fail(
        Error{ErrorKind::kConflict, what,
              "name the columns to share under `columns`, or add to `exclude` what must not "
              "leave; to accept the change run once with on_schema_change: notify"});
  }
  return std::vector<std::string>{what};
}

}  // namespace sluice::exporter
