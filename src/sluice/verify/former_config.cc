#include "sluice/verify/former_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include "sluice/plan/column_choice.h"
#include "sluice/plan/output_layout.h"
#include "sluice/plan/planned_export.h"

namespace sluice::verify {
namespace {

using config::Compression;
using config::Copy;
using config::LateRows;
using config::Partition;
using config::Pattern;
using config::SchemaMode;
using config::Timestamps;
using ledger::ExportKind;

constexpr size_t kFeedColumns = 3;

/// Sets `field` to the value of that name; an unknown name changes nothing.
template <typename Enum>
void Restore(const nlohmann::json& shape, const char* key, std::initializer_list<Enum> values,
             Enum& field) {
  const auto found = shape.find(key);
  if (found == shape.end() || !found->is_string()) return;
  for (const Enum value : values) {
    if (Name(value) == found->get_ref<const std::string&>()) field = value;
  }
}

config::PatternOptions DefaultsOf(Pattern pattern) {
  switch (pattern) {
    case Pattern::kAppend:
      return config::AppendOptions{};
    case Pattern::kCdc:
      return config::CdcOptions{};
    case Pattern::kSnapshot:
      return config::SnapshotOptions{};
  }
  return config::AppendOptions{};
}

void RestoreScalars(const nlohmann::json& shape, config::Table& table) {
  Pattern pattern = table.pattern();
  Restore(shape, "pattern", {Pattern::kAppend, Pattern::kCdc, Pattern::kSnapshot}, pattern);
  if (pattern != table.pattern()) table.options = DefaultsOf(pattern);
  Restore(shape, "partition", {Partition::kHourly, Partition::kDaily}, table.partition);
  Restore(shape, "timestamps", {Timestamps::kMicros, Timestamps::kSource}, table.timestamps);
  Restore(shape, "compression",
          {Compression::kNone, Compression::kSnappy, Compression::kGzip, Compression::kLz4,
           Compression::kZstd},
          table.compression);
  Restore(shape, "copy", {Copy::kAuto, Copy::kNever}, table.copy);
  Restore(shape, "late_rows", {LateRows::kExport, LateRows::kReport, LateRows::kIgnore},
          table.late_rows);
  if (table.is_cdc()) {
    table.cdc().schema_mode = SchemaMode::kLatest;
    Restore(shape, "schema_mode", {SchemaMode::kLatest, SchemaMode::kCommit},
            table.cdc().schema_mode);
  }
  if (table.is_append() && shape.contains("watermark") && shape["watermark"].is_string()) {
    table.append().watermark = shape["watermark"].get<std::string>();
  }
  if (shape.contains("target_file_size") && shape["target_file_size"].is_number_integer()) {
    table.target_file_bytes = shape["target_file_size"].get<int64_t>();
  }
  if (shape.contains("timezone") && shape["timezone"].is_string()) {
    const auto zone = TimeZone::Find(shape["timezone"].get<std::string>());
    if (zone) table.timezone = *zone;
  }
}

/// The columns that the manifest's files hold, without the feed's own.
std::vector<std::string> ColumnsOf(const ledger::Manifest& manifest, Pattern pattern) {
  std::vector<std::string> names;
  for (const auto& field : manifest.schema.value("fields", nlohmann::json::array())) {
    names.push_back(field.value("name", ""));
  }
  const bool feed = pattern == Pattern::kCdc && !plan::IsWholeTable(manifest.kind);
  if (feed) names.resize(names.size() - std::min(names.size(), kFeedColumns));
  return names;
}

std::string Describe(const nlohmann::json& then, const nlohmann::json& now) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : then.items()) {
    if (now.contains(key) && now[key] == value) continue;
    if (key == "column_choice") {
      parts.emplace_back("other columns were chosen");
    } else {
      parts.push_back(fmt::format("{} was {}", key,
                                  value.is_string() ? value.get<std::string>() : value.dump()));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// The intent that a manifest must have had. kConflict if the manifest alone does not determine its rows.
Result<ledger::Intent> IntentOf(const config::Table& today, const ledger::Manifest& manifest) {
  if (manifest.kind == ExportKind::kLate) {
    return Fail(ErrorKind::kConflict,
                "the ledger is gone, and only it says which commits hold its late rows");
  }
  ledger::Intent intent;
  intent.n = manifest.n;
  intent.kind = manifest.kind;
  intent.table = manifest.table;
  intent.name = today.name;
  intent.pattern = std::string(Name(today.pattern()));
  intent.table_id = manifest.table_id;
  intent.source_version = manifest.source_version;
  intent.start = manifest.start;
  intent.end = manifest.end;
  if (plan::IsWholeTable(manifest.kind) && !manifest.partitions_touched.empty()) {
    intent.snapshot_at = plan::ParseSnapshotFolder(manifest.partitions_touched.front());
  }
  intent.replaces = manifest.replaces;
  if (manifest.renewed) {
    intent.renewed_start = manifest.renewed->start;
    intent.renewed_end = manifest.renewed->end;
  }
  intent.shape = plan::ShapeOf(today);
  intent.shape["timezone"] = manifest.timezone;
  intent.shape["column_choice"] = "of the manifest";
  if (!manifest.partitions_touched.empty() && today.is_append()) {
    const bool hourly = manifest.partitions_touched.front().find("/hr=") != std::string::npos;
    intent.shape["partition"] = Name(hourly ? Partition::kHourly : Partition::kDaily);
  }
  return intent;
}

}  // namespace

Result<FormerConfig> RestoreConfig(const config::Table& today, const ledger::Intent& intent,
                                   const ledger::Manifest& manifest) {
  if (intent.table != today.table) {
    return Fail(ErrorKind::kConflict, "it was exported from table {}, not {}", intent.table,
                today.table);
  }
  const nlohmann::json now = plan::ShapeOf(today);
  if (!intent.source_version) {
    return Fail(ErrorKind::kConflict, "it names no version of the source");
  }
  FormerConfig former{intent, today, {}};
  if (intent.shape == now) return former;
  RestoreScalars(intent.shape, former.table);
  if (intent.shape.value("column_choice", "") != now["column_choice"]) {
    former.table.columns = ColumnsOf(manifest, former.table.pattern());
    former.table.exclude.clear();
  }
  nlohmann::json restored = plan::ShapeOf(former.table);
  restored["column_choice"] = intent.shape.value("column_choice", "");
  if (restored != intent.shape) {
    return Fail(ErrorKind::kConflict,
                "this program does not know the config that it was made with: {}",
                Describe(intent.shape, restored));
  }
  former.words = Describe(intent.shape, now);
  return former;
}

Result<FormerConfig> FindFormerConfig(const exporter::Session& session,
                                      const ledger::Manifest& manifest) {
  auto intent = session.ledger->ReadIntent(manifest.n);
  if (!intent && intent.error().kind == ErrorKind::kNotFound) {
    intent = IntentOf(*session.table, manifest);
  }
  if (!intent) return Fail(std::move(intent).error());
  return RestoreConfig(*session.table, *intent, manifest);
}

UnderConfig::UnderConfig(exporter::Session& session, const config::Table& former)
    : session_(session), today_(session.table) {
  session.table = &former;
}

UnderConfig::~UnderConfig() { session_.table = today_; }

}  // namespace sluice::verify
