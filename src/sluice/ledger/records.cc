#include "sluice/ledger/records.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <limits>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/ledger/record_fields.h"

namespace sluice::ledger {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<ExportKind, std::string_view>, 8> kKinds{{
    {ExportKind::kWindow, "window"},
    {ExportKind::kLate, "late"},
    {ExportKind::kBackfill, "backfill"},
    {ExportKind::kSeed, "seed"},
    {ExportKind::kReseed, "reseed"},
    {ExportKind::kSnapshot, "snapshot"},
    {ExportKind::kReset, "reset"},
    {ExportKind::kVoid, "void"},
}};

ExportKind ParseKind(const RecordFields& fields, const char* key) {
  const std::string text = fields.Text(key);
  for (const auto& [kind, name] : kKinds) {
    if (name == text) return kind;
  }
  throw BadRecord{fmt::format("field '{}' is an unknown kind, '{}'", fields.PathOf(key), text)};
}

Bound ParseBound(const RecordFields& fields, const char* key) {
  const json& value = fields.At(key);
  if (value.is_null()) return std::monostate{};
  if (value.is_number_integer()) return Version{fields.Integer(key)};
  return ParseRecordInstant(value, fields.PathOf(key));
}

json ToJson(const std::optional<Version>& version) {
  return version ? json(version->value) : json(nullptr);
}

json ToJson(const std::optional<Timestamp>& instant) {
  return instant ? json(FormatTimestamp(*instant)) : json(nullptr);
}

json ToJson(const Position& position) {
  json out = {{"first_start", ledger::ToJson(position.first_start)},
              {"end", ledger::ToJson(position.end)},
              {"scanned_through", ToJson(position.scanned_through)},
              {"scanned_commit", position.scanned_commit},
              {"table_id", position.table_id},
              {"exported_schema", position.exported_schema},
              {"column_choice", position.column_choice},
              {"newest_snapshot", ToJson(position.newest_snapshot)},
              {"newest_commit", ToJson(position.newest_commit)}};
  if (!position.catalog_id.empty()) out["catalog_id"] = position.catalog_id;
  return out;
}

Position ParsePosition(const RecordFields& fields) {
  Position position;
  position.first_start = ParseBound(fields, "first_start");
  position.end = ParseBound(fields, "end");
  position.scanned_through = fields.OptionalVersion("scanned_through");
  position.scanned_commit = fields.TextOr("scanned_commit", {});
  position.table_id = fields.Text("table_id");
  position.catalog_id = fields.TextOr("catalog_id", {});
  position.exported_schema = fields.Text("exported_schema");
  position.column_choice = fields.Text("column_choice");
  position.newest_snapshot = fields.OptionalInstant("newest_snapshot");
  position.newest_commit = fields.OptionalInstant("newest_commit");
  return position;
}

json ToJson(const std::vector<ManifestFile>& files) {
  json out = json::array();
  for (const auto& file : files) {
    out.push_back({{"path", file.path},
                   {"size", file.size},
                   {"rows", file.rows},
                   {"checksum", file.checksum},
                   {"partition", file.partition}});
  }
  return out;
}

std::vector<ManifestFile> ParseFiles(const RecordFields& fields, const char* key) {
  std::vector<ManifestFile> files;
  for (const auto& file : fields.Objects(key)) {
    files.push_back(ManifestFile{file.Text("path"), file.Count("size"), file.Count("rows"),
                                 file.Text("checksum"), file.Text("partition")});
  }
  return files;
}

json ToJson(const Manifest& m) {
  json out = {{"format", kFormat},
              {"n", m.n},
              {"kind", Name(m.kind)},
              {"table", m.table},
              {"table_id", m.table_id},
              {"source_version", ToJson(m.source_version)},
              {"start", ledger::ToJson(m.start)},
              {"end", ledger::ToJson(m.end)},
              {"timezone", m.timezone},
              {"schema", m.schema},
              {"files", ToJson(m.files)},
              {"partitions_touched", m.partitions_touched},
              {"partitions_final", m.partitions_final},
              {"reopened", m.reopened},
              {"replaces", m.replaces},
              {"rows", m.rows},
              {"row_hash", m.row_hash},
              {"null_watermarks", m.null_watermarks},
              {"committed_at", FormatTimestamp(m.committed_at)},
              {"program", m.program}};
  if (m.renewed) {
    out["renewed"] = {{"start", ledger::ToJson(m.renewed->start)},
                      {"end", ledger::ToJson(m.renewed->end)},
                      {"rows", m.renewed->rows},
                      {"row_hash", m.renewed->row_hash}};
    out["row_hash"] = nullptr;  // of what was carried over it is not known
  }
  if (!m.reason.empty()) out["reason"] = m.reason;
  if (m.expired) out["expired"] = true;
  if (m.final_until) out["final_until"] = FormatTimestamp(*m.final_until);
  if (m.skipped) out["skipped"] = true;
  if (m.unreadable_watermarks > 0) out["unreadable_watermarks"] = m.unreadable_watermarks;
  return out;
}

/// Column names are read from it, so it has the shape of a Delta schema, or is null.
json ParseSchemaField(const RecordFields& fields) {
  const json& schema = fields.At("schema");
  if (schema.is_null()) return schema;
  const RecordFields inner(schema, fields.PathOf("schema"));
  if (!inner.Has("fields")) return schema;
  for (const auto& field : inner.Objects("fields")) field.Text("name");
  return schema;
}

Manifest ManifestFrom(const RecordFields& fields) {
  Manifest m;
  m.n = fields.Count("n");
  m.kind = ParseKind(fields, "kind");
  m.table = fields.Text("table");
  m.table_id = fields.Text("table_id");
  m.source_version = fields.OptionalVersion("source_version");
  m.start = ParseBound(fields, "start");
  m.end = ParseBound(fields, "end");
  m.timezone = fields.Text("timezone");
  m.schema = ParseSchemaField(fields);
  m.files = ParseFiles(fields, "files");
  m.partitions_touched = fields.Texts("partitions_touched");
  m.partitions_final = fields.Texts("partitions_final");
  m.reopened = fields.Texts("reopened");
  m.replaces = fields.Numbers("replaces");
  if (fields.Has("renewed")) {
    const RecordFields renewed = fields.Object("renewed");
    m.renewed = Renewed{ParseBound(renewed, "start"), ParseBound(renewed, "end"),
                        renewed.Count("rows"), renewed.Text("row_hash")};
  }
  m.rows = fields.Count("rows");
  m.row_hash = fields.At("row_hash").is_null() ? std::string() : fields.Text("row_hash");
  m.null_watermarks = fields.Count("null_watermarks");
  m.reason = fields.TextOr("reason", "");
  m.expired = fields.FlagOr("expired", false);
  if (fields.Has("final_until")) m.final_until = fields.Instant("final_until");
  m.skipped = fields.FlagOr("skipped", false);
  if (fields.Has("unreadable_watermarks")) {
    m.unreadable_watermarks = fields.Count("unreadable_watermarks");
  }
  m.committed_at = fields.Instant("committed_at");
  m.program = fields.Text("program");
  return m;
}

json ToJson(const DecidedFile& file) {
  json parts = json::array();
  for (const auto& part : file.upload.parts) {
    parts.push_back({{"number", part.number}, {"etag", part.etag}, {"size", part.size}});
    if (!part.checksum.empty()) parts.back()["checksum"] = part.checksum;
  }
  return {{"key", file.upload.key},           {"upload_id", file.upload.upload_id},
          {"parts", std::move(parts)},        {"size", file.upload.size},
          {"checksum", file.upload.checksum}, {"rows", file.rows},
          {"partition", file.partition}};
}

DecidedFile DecidedFileFrom(const RecordFields& fields) {
  DecidedFile file;
  file.upload.key = fields.Text("key");
  file.upload.upload_id = fields.Text("upload_id");
  for (const auto& part : fields.Objects("parts")) {
    const int64_t number = part.Count("number");
    constexpr int64_t kMostParts = 10'000;
    if (number > kMostParts) RefuseField(part.PathOf("number"), part.At("number"), "a part number");
    file.upload.parts.push_back(store::UploadedPart{static_cast<int>(number), part.Text("etag"),
                                                    part.Count("size"),
                                                    part.TextOr("checksum", "")});
  }
  file.upload.size = fields.Count("size");
  file.upload.checksum = fields.Text("checksum");
  file.rows = fields.Count("rows");
  file.partition = fields.Text("partition");
  return file;
}

Runner RunnerFrom(const RecordFields& fields) {
  Runner runner;
  runner.host = fields.Text("host");
  runner.boot_id = fields.Text("boot_id");
  runner.pid_space = fields.Text("pid_space");
  runner.pid = fields.Integer("pid");
  runner.start_ticks = fields.Integer("start_ticks");
  runner.run_id = fields.Text("run_id");
  return runner;
}

std::string Dump(const json& value) {
  // Names and reasons may hold bytes of foreign origin: what is not UTF-8 must not throw here.
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view Name(ExportKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "void";
}

json ToJson(const Bound& bound) {
  if (const auto* t = std::get_if<Timestamp>(&bound)) return FormatTimestamp(*t);
  if (const auto* v = std::get_if<Version>(&bound)) return v->value;
  return nullptr;
}

std::string ToText(const Bound& bound) {
  if (const auto* t = std::get_if<Timestamp>(&bound)) return FormatTimestamp(*t);
  if (const auto* v = std::get_if<Version>(&bound)) return fmt::format("{}", v->value);
  return "-";
}

std::vector<store::Key> EverListed(const Decision& decision) {
  std::vector<store::Key> keys = decision.superseded;
  for (const auto& file : decision.files) keys.push_back(file.upload.key);
  return keys;
}

std::string DigestOf(const json& value) {
  return DigestOfText(value.dump(-1, ' ', true, json::error_handler_t::replace));
}

std::string DigestOfText(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string Serialize(const Intent& intent) {
  json out = {{"format", kFormat},
              {"n", intent.n},
              {"kind", Name(intent.kind)},
              {"table", intent.table},
              {"name", intent.name},
              {"pattern", intent.pattern},
              {"table_id", intent.table_id},
              {"source_version", ToJson(intent.source_version)},
              {"start", ToJson(intent.start)},
              {"end", ToJson(intent.end)},
              {"snapshot_at", ToJson(intent.snapshot_at)},
              {"replaces", intent.replaces},
              {"shape", intent.shape},
              {"shape_digest", intent.shape_digest},
              {"created_at", FormatTimestamp(intent.created_at)},
              {"runner", intent.runner},
              {"program", intent.program}};
  if (!std::holds_alternative<std::monostate>(intent.renewed_start)) {
    out["renewed"] = {{"start", ToJson(intent.renewed_start)}, {"end", ToJson(intent.renewed_end)}};
    out["carried"] = ToJson(intent.carried);
  }
  return Dump(out);
}

Result<Intent> ParseIntent(std::string_view text, std::string_view name) {
  return ParseRecord<Intent>(text, name, kFormat, [](const RecordFields& fields) {
    Intent intent;
    intent.n = fields.Count("n");
    intent.kind = ParseKind(fields, "kind");
    intent.table = fields.Text("table");
    intent.name = fields.Text("name");
    intent.pattern = fields.Text("pattern");
    intent.table_id = fields.Text("table_id");
    intent.source_version = fields.OptionalVersion("source_version");
    intent.start = ParseBound(fields, "start");
    intent.end = ParseBound(fields, "end");
    intent.snapshot_at = fields.OptionalInstant("snapshot_at");
    intent.replaces = fields.Numbers("replaces");
    if (fields.Has("renewed")) {
      const RecordFields renewed = fields.Object("renewed");
      intent.renewed_start = ParseBound(renewed, "start");
      intent.renewed_end = ParseBound(renewed, "end");
      intent.carried = ParseFiles(fields, "carried");
    }
    const json& shape = fields.At("shape");
    if (!shape.is_null()) fields.Object("shape");
    intent.shape = shape;
    intent.shape_digest = fields.Text("shape_digest");
    intent.created_at = fields.Instant("created_at");
    intent.runner = RunnerFrom(fields.Object("runner"));
    intent.program = fields.Text("program");
    return intent;
  });
}

std::string Serialize(const Decision& d) {
  json files = json::array();
  for (const auto& file : d.files) files.push_back(ToJson(file));
  return Dump({{"format", kFormat},
               {"n", d.n},
               {"generation", d.generation},
               {"decision", d.is_void() ? "void" : "export"},
               {"attempt", d.attempt},
               {"files", std::move(files)},
               {"superseded", d.superseded},
               {"manifest", ToJson(d.manifest)},
               {"position", ToJson(d.position)},
               {"state",
                {{"expected", ToJson(d.state_expected)},
                 {"value", ToJson(d.state_value)},
                 {"forget", d.state_forget},
                 {"forced", d.state_forced}}},
               {"watermark", {{"min", ToJson(d.watermark_min)}, {"max", ToJson(d.watermark_max)}}},
               {"row_groups",
                {{"copied", d.row_groups_copied},
                 {"spliced", d.row_groups_spliced},
                 {"rewritten", d.row_groups_rewritten}}},
               {"runner", d.runner}});
}

Result<Decision> ParseDecision(std::string_view text, std::string_view name) {
  return ParseRecord<Decision>(text, name, kFormat, [](const RecordFields& fields) {
    Decision d;
    d.n = fields.Count("n");
    const int64_t generation = fields.Count("generation");
    if (generation < 1 || generation > std::numeric_limits<int>::max()) {
      RefuseField("generation", fields.At("generation"), "a number from 1 on");
    }
    d.generation = static_cast<int>(generation);
    d.attempt = fields.Text("attempt");
    for (const auto& file : fields.Objects("files")) d.files.push_back(DecidedFileFrom(file));
    d.superseded = fields.Texts("superseded");
    d.manifest = ManifestFrom(fields.Object("manifest"));
    d.position = ParsePosition(fields.Object("position"));
    const RecordFields state = fields.Object("state");
    d.state_expected = ParseBound(state, "expected");
    d.state_value = ParseBound(state, "value");
    d.state_forget = state.Flag("forget");
    d.state_forced = state.Flag("forced");
    const RecordFields watermark = fields.Object("watermark");
    d.watermark_min = ParseBound(watermark, "min");
    d.watermark_max = ParseBound(watermark, "max");
    const RecordFields groups = fields.Object("row_groups");
    d.row_groups_copied = groups.Count("copied");
    d.row_groups_spliced = groups.Count("spliced");
    d.row_groups_rewritten = groups.Count("rewritten");
    d.runner = RunnerFrom(fields.Object("runner"));
    return d;
  });
}

std::string Serialize(const Manifest& manifest) { return Dump(ToJson(manifest)); }

Result<Manifest> ParseManifest(std::string_view text, std::string_view name) {
  return ParseRecord<Manifest>(text, name, kFormat, ManifestFrom);
}

}  // namespace sluice::ledger
