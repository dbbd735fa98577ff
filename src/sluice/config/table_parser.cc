#include "sluice/config/table_parser.h"

#include <algorithm>
#include <charconv>
#include <regex>
#include <utility>

#include "sluice/base/column_name.h"
#include "sluice/catalog/table_name.h"
#include "sluice/config/schedule.h"

namespace sluice::config {
namespace {

/// What a Parquet file needs for itself; less is a size whose unit was forgotten.
constexpr int64_t kLeastFileBytes = 4096;

/// Reads keys of one entry, falling back on `defaults`; a key that does not apply to the pattern is
/// a mistake in the entry and ignored in the defaults.
class TableReader {
 public:
  TableReader(YamlMap& entry, YamlMap& defaults) : entry_(entry), defaults_(defaults) {}

  YamlMap& MapOf(const std::string& key) { return entry_.Has(key) ? entry_ : defaults_; }
  bool Has(const std::string& key) const { return entry_.Has(key) || defaults_.Has(key); }
  bool IsOwn(const std::string& key) const { return entry_.Has(key); }

  template <typename T>
  void Set(T& field, std::optional<T> value) {
    if (value) field = std::move(*value);
  }

  void RefuseFor(Pattern pattern, const std::vector<std::string>& keys, const std::string& why) {
    for (const auto& key : keys) {
      if (!entry_.Has(key)) continue;
      entry_.Add(key,
                 fmt::format("'{}' does not apply to pattern {}: {}", key, Name(pattern), why));
    }
  }

 private:
  YamlMap& entry_;
  YamlMap& defaults_;
};

bool IsSafeName(const std::string& name) {
  static const std::regex kSafe("[A-Za-z0-9][A-Za-z0-9._-]*");
  return name.size() <= 128 && std::regex_match(name, kSafe);
}

std::optional<int64_t> ParseVersion(std::string_view text) {
  int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || stop != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::optional<AppendStart> ReadAppendStart(const std::string& text, const TimeZone& zone) {
  if (text == "now") return StartNow{};
  if (const auto ago = ParseDuration(text); ago && ago->micros > 0) return StartAgo{*ago};
  if (const auto time = ParseTimestamp(text, zone)) return StartTime{*time};
  return std::nullopt;
}

std::optional<CdcStart> ReadCdcStart(const std::string& text) {
  if (text == "snapshot") return StartSnapshot{};
  if (text == "enabled") return StartEnabled{};
  if (const auto version = ParseVersion(text)) return StartVersion{Version{*version}};
  return std::nullopt;
}

std::optional<Duration> ReadAppendChunk(const std::string& text) {
  const auto length = ParseDuration(text);
  if (!length || length->micros < Hours(1).micros) return std::nullopt;
  return *length;
}

std::optional<int64_t> ReadCdcChunk(const std::string& text) {
  const auto versions = ParseVersion(text.substr(0, text.find(" versions")));
  return versions && *versions > 0 ? versions : std::nullopt;
}

// One `defaults` may serve tables of both patterns: a value meant for the other pattern is ignored
// there.

/// nullopt where it is not given, or wrong.
std::optional<AppendStart> ParseAppendStart(TableReader& reader, const TimeZone& zone) {
  YamlMap& map = reader.MapOf("start");
  const auto text = map.Text("start");
  if (!text) return std::nullopt;
  const auto start = ReadAppendStart(*text, zone);
  if (!start && (reader.IsOwn("start") || !ReadCdcStart(*text))) {
    map.Add(
        "start",
        fmt::format("'{}' is not a valid start: use a time like 2026-01-01T00:00:00Z, a duration "
                    "before now like 60d, or now",
                    map.Written("start")));
  }
  return start;
}

CdcStart ParseCdcStart(TableReader& reader, const TimeZone& zone) {
  YamlMap& map = reader.MapOf("start");
  const auto text = map.Text("start");
  if (!text) return StartSnapshot{};
  const auto start = ReadCdcStart(*text);
  if (!start && (reader.IsOwn("start") || !ReadAppendStart(*text, zone))) {
    map.Add("start",
            fmt::format("'{}' is not a valid start: use snapshot, enabled or a version number",
                        map.Written("start")));
  }
  return start.value_or(StartSnapshot{});
}

/// `read`: as the table's pattern reads it; `other`: as the other pattern that has the key does.
template <typename Read, typename Other>
auto ParseChunk(TableReader& reader, Read read, Other other, std::string_view form)
    -> decltype(read(std::string())) {
  YamlMap& map = reader.MapOf("chunk");
  const auto text = map.Text("chunk");
  if (!text || *text == "none") return std::nullopt;
  const auto chunk = read(*text);
  if (!chunk && (reader.IsOwn("chunk") || !other(*text))) {
    map.Add("chunk",
            fmt::format("'{}' is not a valid chunk: use none or {}", map.Written("chunk"), form));
  }
  return chunk;
}

void CheckStartAndChunk(YamlMap& defaults) {
  const auto start = defaults.Text("start");
  if (start && !ReadCdcStart(*start) && !ReadAppendStart(*start, TimeZone::Utc())) {
    defaults.Add("start", fmt::format("'{}' is not a valid start for any pattern",
                                      defaults.Written("start")));
  }
  const auto chunk = defaults.Text("chunk");
  if (chunk && *chunk != "none" && !ReadAppendChunk(*chunk) && !ReadCdcChunk(*chunk)) {
    defaults.Add("chunk", fmt::format("'{}' is not a valid chunk for any pattern",
                                      defaults.Written("chunk")));
  }
}

void ParseColumns(TableReader& reader, Table& table) {
  const auto read = [&](const std::string& key, std::vector<std::string>& into,
                        std::vector<LineColumn>& places) {
    YamlMap& map = reader.MapOf(key);
    auto names = map.Texts(key, &places);
    if (!names) return;
    for (size_t i = 0; i < names->size(); ++i) {
      const bool twice =
          std::any_of(names->begin(), names->begin() + static_cast<ptrdiff_t>(i),
                      [&](const auto& earlier) { return SameColumnName(earlier, (*names)[i]); });
      if (twice) map.Add(key, fmt::format("'{}' appears twice in '{}'", (*names)[i], key));
    }
    if (names->empty()) map.Add(key, fmt::format("'{}' is empty; leave it out", key));
    into = std::move(*names);
  };
  read("columns", table.columns, table.places.columns);
  read("exclude", table.exclude, table.places.exclude);
  if (!table.columns.empty() && !table.exclude.empty()) {
    reader.MapOf("exclude").Add("exclude", "give either 'columns' or 'exclude', not both");
  }
  if (!table.exclude.empty()) table.on_schema_change = SchemaChange::kFail;
}

void ParseShape(TableReader& reader, Table& table) {
  reader.Set(table.partition,
             reader.MapOf("partition")
                 .OneOf<Partition>("partition", {Partition::kHourly, Partition::kDaily}));
  reader.Set(
      table.late_rows,
      reader.MapOf("late_rows")
          .OneOf<LateRows>("late_rows", {LateRows::kExport, LateRows::kReport, LateRows::kIgnore}));
  reader.Set(table.timestamps,
             reader.MapOf("timestamps")
                 .OneOf<Timestamps>("timestamps", {Timestamps::kMicros, Timestamps::kSource}));
  reader.Set(table.compression,
             reader.MapOf("compression")
                 .OneOf<Compression>("compression",
                                     {Compression::kZstd, Compression::kSnappy, Compression::kGzip,
                                      Compression::kLz4, Compression::kNone}));
  reader.Set(table.copy, reader.MapOf("copy").OneOf<Copy>("copy", {Copy::kAuto, Copy::kNever}));
  reader.Set(
      table.on_schema_change,
      reader.MapOf("on_schema_change")
          .OneOf<SchemaChange>("on_schema_change", {SchemaChange::kNotify, SchemaChange::kFail,
                                                    SchemaChange::kIgnore}));
  YamlMap& size_map = reader.MapOf("target_file_size");
  reader.Set(table.target_file_bytes, size_map.Bytes("target_file_size"));
  if (table.target_file_bytes < kLeastFileBytes) {
    size_map.Add("target_file_size",
                 fmt::format("'target_file_size' must be at least 4KiB, not '{}'; give it a unit, "
                             "like 256MiB",
                             size_map.Written("target_file_size")));
  }
  reader.Set(table.delay, reader.MapOf("delay").Length("delay"));
}

void ParseSchedule(TableReader& reader, Table& table) {
  YamlMap& map = reader.MapOf("schedule");
  if (const auto text = map.Text("schedule")) {
    if (const auto mistake = ScheduleMistake(*text)) {
      // What a variable holds is not shown.
      const bool is_written = *text == map.Written("schedule");
      map.Add("schedule", fmt::format("'{}' is not a valid schedule{}", map.Written("schedule"),
                                      is_written ? ": " + *mistake : ""));
    } else {
      table.schedule = *text;
    }
  }
  if (const auto n = reader.MapOf("retries").Integer("retries", 0, 1000)) {
    table.retries = static_cast<int>(*n);
  }
  YamlMap& freshness = reader.MapOf("freshness");
  table.freshness = freshness.Length("freshness");
  if (table.freshness && table.freshness->micros == 0) {
    freshness.Add("freshness", "'freshness' must be longer than 0");
  }
  reader.Set(table.retry_delay, reader.MapOf("retry_delay").Length("retry_delay"));
  YamlMap& timeout = reader.MapOf("timeout");
  if (timeout.Text("timeout").value_or("none") != "none") {
    table.timeout = timeout.Length("timeout");
    if (table.timeout && table.timeout->micros == 0) {
      timeout.Add("timeout", "'timeout' must be longer than 0, or none");
    }
  }
}

/// The keys of some patterns only that are wrong under any where their values are.
struct KeysOfPatterns {
  PartitionMarkers partition_markers = PartitionMarkers::kNone;
  CdcOptions cdc;
  SnapshotOptions snapshot;
};

PartitionMarkers ParsePartitionMarkers(TableReader& reader) {
  return reader.MapOf("partition_markers")
      .OneOf<PartitionMarkers>("partition_markers",
                               {PartitionMarkers::kNone, PartitionMarkers::kSuccess})
      .value_or(PartitionMarkers::kNone);
}

CdcOptions ParseFeedKeys(TableReader& reader) {
  CdcOptions cdc;
  reader.Set(cdc.changes, reader.MapOf("changes").OneOf<Changes>(
                              "changes", {Changes::kAuto, Changes::kFeed, Changes::kRows}));
  reader.Set(cdc.images,
             reader.MapOf("images").OneOf<Images>("images", {Images::kBoth, Images::kAfter}));
  reader.Set(cdc.schema_mode,
             reader.MapOf("schema_mode")
                 .OneOf<SchemaMode>("schema_mode", {SchemaMode::kLatest, SchemaMode::kCommit}));
  return cdc;
}

SnapshotOptions ParseSnapshotKeys(TableReader& reader) {
  SnapshotOptions snapshot;
  if (const auto n = reader.MapOf("keep").Integer("keep", 1, 1'000'000)) {
    snapshot.keep = static_cast<int>(*n);
  }
  snapshot.keep_for = reader.MapOf("keep_for").Length("keep_for");
  reader.Set(snapshot.skip_unchanged, reader.MapOf("skip_unchanged").Bool("skip_unchanged"));
  return snapshot;
}

void RefuseStrangeKeys(TableReader& reader, Pattern pattern) {
  switch (pattern) {
    case Pattern::kAppend:
      reader.RefuseFor(pattern, {"keep", "keep_for", "skip_unchanged"},
                       "only snapshots are kept or dropped");
      reader.RefuseFor(pattern, {"changes", "images", "schema_mode"},
                       "only a change feed has changes");
      break;
    case Pattern::kCdc:
      reader.RefuseFor(pattern, {"watermark", "delay", "late_rows", "partition"},
                       "a change feed goes by commit versions");
      reader.RefuseFor(pattern, {"keep", "keep_for", "skip_unchanged"},
                       "only snapshots are kept or dropped");
      break;
    case Pattern::kSnapshot:
      reader.RefuseFor(pattern,
                       {"watermark", "start", "chunk", "delay", "late_rows", "partition",
                        "partition_markers", "changes", "images", "schema_mode"},
                       "each run exports the whole table");
      break;
  }
}

/// Every key that an entry of `tables` may have.
const std::vector<std::string>& TableKeys() {
  static const std::vector<std::string> kKeys{"table",
                                              "path",
                                              "pattern",
                                              "name",
                                              "watermark",
                                              "partition",
                                              "start",
                                              "chunk",
                                              "delay",
                                              "late_rows",
                                              "columns",
                                              "exclude",
                                              "timezone",
                                              "timestamps",
                                              "compression",
                                              "copy",
                                              "target_file_size",
                                              "freshness",
                                              "partition_markers",
                                              "on_schema_change",
                                              "schedule",
                                              "retries",
                                              "retry_delay",
                                              "timeout",
                                              "changes",
                                              "images",
                                              "schema_mode",
                                              "keep",
                                              "keep_for",
                                              "skip_unchanged"};
  return kKeys;
}

void ParseTimezone(TableReader& reader, Table& table) {
  YamlMap& map = reader.MapOf("timezone");
  const auto name = map.Text("timezone");
  if (!name) return;
  if (const auto zone = TimeZone::Find(*name)) {
    table.timezone = *zone;
  } else {
    map.Add("timezone", fmt::format("unknown time zone '{}': {}", map.Written("timezone"),
                                    zone.error().remedy));
  }
}

/// What does not depend on the pattern goes to `table`; what is wrong under any is noted.
KeysOfPatterns ParseCommonKeys(TableReader& reader, Table& table) {
  ParseTimezone(reader, table);
  ParseColumns(reader, table);
  ParseShape(reader, table);
  ParseSchedule(reader, table);
  KeysOfPatterns keys;
  keys.partition_markers = ParsePartitionMarkers(reader);
  keys.cdc = ParseFeedKeys(reader);
  keys.snapshot = ParseSnapshotKeys(reader);
  return keys;
}

void ParseNames(YamlMap& entry, Table& table) {
  const auto name_in_state = entry.Text("table");
  if (!entry.Has("table")) entry.Missing("table", "the name in state and notices");
  table.table = name_in_state.value_or("");
  table.name = entry.Text("name").value_or(table.table.substr(table.table.rfind('.') + 1));
  if (table.name.empty() && !table.table.empty() && !entry.Mentions("name")) {
    entry.Add("table", fmt::format("'{}' ends with a dot, so no `name` can be derived from it",
                                   entry.Written("table")));
  }
  if (!table.name.empty() && !IsSafeName(table.name)) {
    entry.Add(
        entry.Has("name") ? "name" : "table",
        fmt::format("'{}' cannot be a name: it becomes a folder, so use letters, digits, '.', "
                    "'_' and '-', beginning with a letter or digit",
                    table.name));
  }
}

/// Without a path the name says where the table is.
void ParseWithoutPath(YamlMap& entry, const Table& table, bool has_catalog) {
  if (entry.Has("path")) return;
  if (!has_catalog) {
    entry.Missing("path", "where the Delta table lies");
    return;
  }
  if (table.table.empty() || entry.Mentions("path")) return;
  if (catalog::ParseTableName(table.table)) return;
  entry.Add("table", fmt::format("'{}' is not the name of a table in the catalog, which has three "
                                 "parts, like main.sales.events; or give the table's `path`",
                                 entry.Written("table")));
}

std::string ParseWatermark(TableReader& reader, YamlMap& entry, Table& table) {
  YamlMap& watermark = reader.MapOf("watermark");
  table.places.watermark = LineColumnOf(watermark.MarkOf("watermark"));
  std::string name = watermark.Text("watermark").value_or("");
  if (!reader.Has("watermark")) {
    entry.Missing("watermark", "the column that says when a row arrived");
  }
  return name;
}

AppendOptions ParseAppendOptions(TableReader& reader, YamlMap& entry, KeysOfPatterns keys,
                                 Table& table) {
  AppendOptions append;
  append.partition_markers = keys.partition_markers;
  append.chunk =
      ParseChunk(reader, ReadAppendChunk, ReadCdcChunk, "a duration of at least an hour, like 1d");
  append.watermark = ParseWatermark(reader, entry, table);
  const auto start = ParseAppendStart(reader, table.timezone);
  if (start) {
    append.start = *start;
  } else if (!entry.Mentions("start")) {
    entry.Missing("start", "a time, a duration before now (60d), or now");
  }
  return append;
}

CdcOptions ParseCdcOptions(TableReader& reader, KeysOfPatterns keys, const TimeZone& zone) {
  CdcOptions cdc = keys.cdc;
  cdc.partition_markers = keys.partition_markers;
  cdc.chunk = ParseChunk(reader, ReadCdcChunk, ReadAppendChunk, "a number of versions, like 1000");
  cdc.start = ParseCdcStart(reader, zone);
  return cdc;
}

}  // namespace

ParsedTable ParseTable(YamlMap& entry, YamlMap& defaults, bool has_catalog) {
  entry.RefuseUnknown(TableKeys());
  TableReader reader(entry, defaults);
  ParsedTable parsed;
  Table& table = parsed.table;
  table.line = std::max(0, entry.mark().line + 1);
  ParseNames(entry, table);
  const auto pattern = reader.MapOf("pattern").OneOf<Pattern>(
      "pattern", {Pattern::kAppend, Pattern::kCdc, Pattern::kSnapshot});
  if (!reader.Has("pattern")) {
    entry.Missing("pattern", "append, cdc or snapshot");
  }
  table.path = entry.Location("path");
  ParseWithoutPath(entry, table, has_catalog);
  const KeysOfPatterns keys = ParseCommonKeys(reader, table);
  if (!pattern) return parsed;
  parsed.has_pattern = true;
  RefuseStrangeKeys(reader, *pattern);
  switch (*pattern) {
    case Pattern::kAppend:
      table.options = ParseAppendOptions(reader, entry, keys, table);
      break;
    case Pattern::kCdc:
      table.options = ParseCdcOptions(reader, keys, table.timezone);
      break;
    case Pattern::kSnapshot:
      table.options = keys.snapshot;
      break;
  }
  return parsed;
}

void CheckDefaults(YamlMap& defaults) {
  std::vector<std::string> keys = TableKeys();
  std::erase_if(keys, [&](const std::string& key) {
    const bool own = key == "table" || key == "name" || key == "path";
    if (own && defaults.Mentions(key)) {
      defaults.Add(key, fmt::format("'{}' cannot be a default: each table has its own", key));
    }
    return own && !defaults.Mentions(key);
  });
  defaults.RefuseUnknown(keys);
  TableReader reader(defaults, defaults);
  Table unused;
  reader.MapOf("pattern").OneOf<Pattern>("pattern",
                                         {Pattern::kAppend, Pattern::kCdc, Pattern::kSnapshot});
  ParseCommonKeys(reader, unused);
  CheckStartAndChunk(defaults);
}

}  // namespace sluice::config
