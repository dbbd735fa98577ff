#include "sluice/ledger/records.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <utility>

#include "sluice/base/time_zone.h"

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

/// Thrown inside parsers only; caught by Parse().
struct BadRecord {
  std::string what;
};

ExportKind ParseKind(const json& value) {
  const auto text = value.get<std::string>();
  for (const auto& [kind, name] : kKinds) {
    if (name == text) return kind;
  }
  throw BadRecord{"unknown kind '" + text + "'"};
}

Timestamp ParseInstant(const json& value) {
  const auto text = value.get<std::string>();
  auto parsed = ParseTimestamp(text, TimeZone::Utc());
  if (!parsed) throw BadRecord{"bad time '" + text + "'"};
  return *parsed;
}

Bound ParseBound(const json& value) {
  if (value.is_null()) return std::monostate{};
  if (value.is_number_integer()) return Version{value.get<int64_t>()};
  return ParseInstant(value);
}

json ToJson(const std::optional<Version>& version) {
  return version ? json(version->value) : json(nullptr);
}

std::optional<Version> ParseVersion(const json& value) {
  if (value.is_null()) return std::nullopt;
  return Version{value.get<int64_t>()};
}

json ToJson(const std::optional<Timestamp>& instant) {
  return instant ? json(FormatTimestamp(*instant)) : json(nullptr);
}

std::optional<Timestamp> ParseOptionalInstant(const json& value) {
  if (value.is_null()) return std::nullopt;
  return ParseInstant(value);
}

json ToJson(const Position& position) {
  return {{"first_start", ledger::ToJson(position.first_start)},
          {"end", ledger::ToJson(position.end)},
          {"scanned_through", ToJson(position.scanned_through)},
          {"table_id", position.table_id},
          {"exported_schema", position.exported_schema},
          {"column_choice", position.column_choice},
          {"newest_snapshot", ToJson(position.newest_snapshot)},
          {"newest_commit", ToJson(position.newest_commit)}};
}

Position ParsePosition(const json& value) {
  Position position;
  position.first_start = ParseBound(value.at("first_start"));
  position.end = ParseBound(value.at("end"));
  position.scanned_through = ParseVersion(value.at("scanned_through"));
  value.at("table_id").get_to(position.table_id);
  value.at("exported_schema").get_to(position.exported_schema);
  value.at("column_choice").get_to(position.column_choice);
  position.newest_snapshot = ParseOptionalInstant(value.at("newest_snapshot"));
  position.newest_commit = ParseOptionalInstant(value.at("newest_commit"));
  return position;
}

json ToJson(const Manifest& m) {
  json files = json::array();
  for (const auto& file : m.files) {
    files.push_back({{"path", file.path},
                     {"size", file.size},
                     {"rows", file.rows},
                     {"checksum", file.checksum},
                     {"partition", file.partition}});
  }
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
              {"files", std::move(files)},
              {"partitions_touched", m.partitions_touched},
              {"partitions_final", m.partitions_final},
              {"reopened", m.reopened},
              {"replaces", m.replaces},
              {"rows", m.rows},
              {"row_hash", m.row_hash},
              {"null_watermarks", m.null_watermarks},
              {"committed_at", FormatTimestamp(m.committed_at)},
              {"program", m.program}};
  if (!m.reason.empty()) out["reason"] = m.reason;
  if (m.expired) out["expired"] = true;
  return out;
}

Manifest ManifestFrom(const json& value) {
  Manifest m;
  value.at("n").get_to(m.n);
  m.kind = ParseKind(value.at("kind"));
  value.at("table").get_to(m.table);
  value.at("table_id").get_to(m.table_id);
  m.source_version = ParseVersion(value.at("source_version"));
  m.start = ParseBound(value.at("start"));
  m.end = ParseBound(value.at("end"));
  value.at("timezone").get_to(m.timezone);
  m.schema = value.at("schema");
  for (const auto& file : value.at("files")) {
    m.files.push_back(ManifestFile{file.at("path"), file.at("size"), file.at("rows"),
                                   file.at("checksum"), file.at("partition")});
  }
  value.at("partitions_touched").get_to(m.partitions_touched);
  value.at("partitions_final").get_to(m.partitions_final);
  value.at("reopened").get_to(m.reopened);
  value.at("replaces").get_to(m.replaces);
  value.at("rows").get_to(m.rows);
  value.at("row_hash").get_to(m.row_hash);
  value.at("null_watermarks").get_to(m.null_watermarks);
  m.reason = value.value("reason", "");
  m.expired = value.value("expired", false);
  m.committed_at = ParseInstant(value.at("committed_at"));
  value.at("program").get_to(m.program);
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

DecidedFile DecidedFileFrom(const json& value) {
  DecidedFile file;
  value.at("key").get_to(file.upload.key);
  value.at("upload_id").get_to(file.upload.upload_id);
  for (const auto& part : value.at("parts")) {
    file.upload.parts.push_back(store::UploadedPart{part.at("number"), part.at("etag"),
                                                    part.at("size"), part.value("checksum", "")});
  }
  value.at("size").get_to(file.upload.size);
  value.at("checksum").get_to(file.upload.checksum);
  value.at("rows").get_to(file.rows);
  value.at("partition").get_to(file.partition);
  return file;
}

/// Runs `read` on the parsed text and turns every way of being wrong into an Error.
template <typename T, typename Read>
Result<T> Parse(std::string_view text, std::string_view name, Read&& read) {
  try {
    const json value = json::parse(text);
    const int format = value.at("format").get<int>();
    if (format > kFormat) {
      return Fail(Error{ErrorKind::kUnsupported,
                        fmt::format("{}: written in format {}, this program knows format {}", name,
                                    format, kFormat),
                        "run the newer sluice that wrote it"});
    }
    return read(value);
  } catch (const json::exception& e) {
    return Fail(ErrorKind::kCorrupt, "{}: not a ledger record: {}", name, e.what());
  } catch (const BadRecord& e) {
    return Fail(ErrorKind::kCorrupt, "{}: not a ledger record: {}", name, e.what);
  }
}

std::string Dump(const json& value) {
  // Names and reasons may hold bytes of foreign origin: what is no UTF-8 must not throw here.
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
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

std::string Serialize(const Intent& intent) {
  return Dump({{"format", kFormat},
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
               {"program", intent.program}});
}

Result<Intent> ParseIntent(std::string_view text, std::string_view name) {
  return Parse<Intent>(text, name, [](const json& value) {
    Intent intent;
    value.at("n").get_to(intent.n);
    intent.kind = ParseKind(value.at("kind"));
    value.at("table").get_to(intent.table);
    value.at("name").get_to(intent.name);
    value.at("pattern").get_to(intent.pattern);
    value.at("table_id").get_to(intent.table_id);
    intent.source_version = ParseVersion(value.at("source_version"));
    intent.start = ParseBound(value.at("start"));
    intent.end = ParseBound(value.at("end"));
    intent.snapshot_at = ParseOptionalInstant(value.at("snapshot_at"));
    value.at("replaces").get_to(intent.replaces);
    intent.shape = value.at("shape");
    value.at("shape_digest").get_to(intent.shape_digest);
    intent.created_at = ParseInstant(value.at("created_at"));
    value.at("runner").get_to(intent.runner);
    value.at("program").get_to(intent.program);
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
  return Parse<Decision>(text, name, [](const json& value) {
    Decision d;
    value.at("n").get_to(d.n);
    value.at("generation").get_to(d.generation);
    value.at("attempt").get_to(d.attempt);
    for (const auto& file : value.at("files")) d.files.push_back(DecidedFileFrom(file));
    value.at("superseded").get_to(d.superseded);
    d.manifest = ManifestFrom(value.at("manifest"));
    d.position = ParsePosition(value.at("position"));
    const json& state = value.at("state");
    d.state_expected = ParseBound(state.at("expected"));
    d.state_value = ParseBound(state.at("value"));
    state.at("forget").get_to(d.state_forget);
    state.at("forced").get_to(d.state_forced);
    d.watermark_min = ParseBound(value.at("watermark").at("min"));
    d.watermark_max = ParseBound(value.at("watermark").at("max"));
    const json& groups = value.at("row_groups");
    groups.at("copied").get_to(d.row_groups_copied);
    groups.at("spliced").get_to(d.row_groups_spliced);
    groups.at("rewritten").get_to(d.row_groups_rewritten);
    value.at("runner").get_to(d.runner);
    return d;
  });
}

std::string Serialize(const Manifest& manifest) { return Dump(ToJson(manifest)); }

Result<Manifest> ParseManifest(std::string_view text, std::string_view name) {
  return Parse<Manifest>(text, name, [](const json& value) { return ManifestFrom(value); });
}

}  // namespace sluice::ledger
