#include "sluice/config/table_parser.h"

#include <algorithm>
#include <charconv>
#include <regex>
#include <utility>

namespace sluice::config {
namespace {

/// Reads keys of one entry, falling back on `defaults`; a key that a pattern has no use for is a
/// mistake in the entry, and passed over in the defaults.
class TableReader {
 public:
  TableReader(YamlMap& entry, YamlMap& defaults) : entry_(entry), defaults_(defaults) {}

  YamlMap& MapOf(const std::string& key) { return entry_.Has(key) ? entry_ : defaults_; }
  bool Has(const std::string& key) const { return entry_.Has(key) || defaults_.Has(key); }

  template <typename T>
  void Set(T& field, std::optional<T> value) {
    if (value) field = std::move(*value);
  }

  void RefuseFor(Pattern pattern, const std::vector<std::string>& keys, const std::string& why) {
    for (const auto& key : keys) {
      if (!entry_.Has(key)) continue;
      entry_.Add(key,
                 fmt::format("'{}' has no meaning for pattern {}: {}", key, Name(pattern), why));
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

void ParseAppendStart(TableReader& reader, Table& table) {
  YamlMap& map = reader.MapOf("start");
  const auto text = map.Text("start");
  if (!text) return;
  if (*text == "now") {
    table.start = StartNow{};
  } else if (const auto ago = ParseDuration(*text); ago && ago->micros > 0) {
    table.start = StartAgo{*ago};
  } else if (const auto time = ParseTimestamp(*text, table.timezone)) {
    table.start = StartTime{*time};
  } else {
    map.Add("start",
            fmt::format("'{}' is no start: use a time like 2026-01-01T00:00:00Z, a duration "
                        "before now like 60d, or now",
                        map.Written("start")));
  }
}

void ParseCdcStart(TableReader& reader, Table& table) {
  YamlMap& map = reader.MapOf("start");
  const auto text = map.Text("start");
  if (!text || *text == "snapshot") {
    table.start = StartSnapshot{};
  } else if (*text == "enabled") {
    table.start = StartEnabled{};
  } else if (const auto version = ParseVersion(*text)) {
    table.start = StartVersion{Version{*version}};
  } else {
    map.Add("start", fmt::format("'{}' is no start: use snapshot, enabled or a version number",
                                 map.Written("start")));
  }
}

void ParseChunk(TableReader& reader, Table& table) {
  YamlMap& map = reader.MapOf("chunk");
  const auto text = map.Text("chunk");
  if (!text || *text == "none") return;
  if (table.pattern == Pattern::kAppend) {
    const auto length = ParseDuration(*text);
    if (length && length->micros >= Hours(1).micros) {
      table.chunk_time = *length;
    } else {
      map.Add("chunk", fmt::format("'{}' is no chunk: use none or a duration of at least an hour, "
                                   "like 1d",
                                   map.Written("chunk")));
    }
    return;
  }
  const auto versions = ParseVersion(text->substr(0, text->find(" versions")));
  if (versions && *versions > 0) {
    table.chunk_versions = *versions;
  } else {
    map.Add("chunk", fmt::format("'{}' is no chunk: use none or a number of versions",
                                 map.Written("chunk")));
  }
}

void ParseColumns(TableReader& reader, Table& table) {
  const auto read = [&](const std::string& key, std::vector<std::string>& into,
                        std::vector<Place>& places) {
    YamlMap& map = reader.MapOf(key);
    auto names = map.Texts(key, &places);
    if (!names) return;
    for (size_t i = 0; i < names->size(); ++i) {
      const bool twice = std::any_of(names->begin(), names->begin() + static_cast<ptrdiff_t>(i),
                                     [&](const auto& earlier) {
                                       return strcasecmp(earlier.c_str(), (*names)[i].c_str()) == 0;
                                     });
      if (twice) map.Add(key, fmt::format("'{}' stands twice in '{}'", (*names)[i], key));
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
  reader.Set(table.target_file_bytes, reader.MapOf("target_file_size").Bytes("target_file_size"));
  reader.Set(table.delay, reader.MapOf("delay").Length("delay"));
}

void ParseSchedule(TableReader& reader, Table& table) {
  YamlMap& map = reader.MapOf("schedule");
  if (const auto text = map.Text("schedule")) {
    if (IsSchedule(*text)) {
      table.schedule = *text;
    } else {
      map.Add("schedule", fmt::format("'{}' is no schedule: use hourly, daily, weekly or five cron "
                                      "fields like \"15 * * * *\"",
                                      map.Written("schedule")));
    }
  }
  if (const auto n = reader.MapOf("retries").Integer("retries", 0, 1000)) {
    table.retries = static_cast<int>(*n);
  }
  reader.Set(table.retry_delay, reader.MapOf("retry_delay").Length("retry_delay"));
  YamlMap& timeout = reader.MapOf("timeout");
  if (timeout.Text("timeout").value_or("none") != "none") {
    table.timeout = timeout.Length("timeout");
  }
}

void ParseSnapshotKeys(TableReader& reader, Table& table) {
  if (const auto n = reader.MapOf("keep").Integer("keep", 1, 1'000'000)) {
    table.keep = static_cast<int>(*n);
  }
  table.keep_for = reader.MapOf("keep_for").Length("keep_for");
  reader.Set(table.skip_unchanged, reader.MapOf("skip_unchanged").Bool("skip_unchanged"));
}

void RefuseStrangeKeys(TableReader& reader, const Table& table) {
  switch (table.pattern) {
    case Pattern::kAppend:
      reader.RefuseFor(table.pattern, {"keep", "keep_for", "skip_unchanged"},
                       "only snapshots are kept or dropped");
      break;
    case Pattern::kCdc:
      reader.RefuseFor(table.pattern, {"watermark", "delay", "late_rows", "partition"},
                       "a change feed goes by commit versions");
      reader.RefuseFor(table.pattern, {"keep", "keep_for", "skip_unchanged"},
                       "only snapshots are kept or dropped");
      break;
    case Pattern::kSnapshot:
      reader.RefuseFor(table.pattern,
                       {"watermark", "start", "chunk", "delay", "late_rows", "partition"},
                       "each run exports the whole table");
      break;
  }
}

}  // namespace

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
                                              "on_schema_change",
                                              "schedule",
                                              "retries",
                                              "retry_delay",
                                              "timeout",
                                              "keep",
                                              "keep_for",
                                              "skip_unchanged"};
  return kKeys;
}

bool IsSchedule(std::string_view text) {
  if (text == "hourly" || text == "daily" || text == "weekly") return true;
  static const std::regex kField(
      R"((\*|[0-9]+(-[0-9]+)?|[A-Za-z]{3}(-[A-Za-z]{3})?)(/[0-9]+)?(,(\*|[0-9]+(-[0-9]+)?|[A-Za-z]{3}(-[A-Za-z]{3})?)(/[0-9]+)?)*)");
  int fields = 0;
  std::string field;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] != ' ') {
      field.push_back(text[i]);
      continue;
    }
    if (field.empty()) continue;
    if (field.size() > 64 || !std::regex_match(field, kField)) return false;
    field.clear();
    ++fields;
  }
  return fields == 5;
}

std::optional<Table> ParseTable(YamlMap& entry, YamlMap& defaults, bool has_catalog) {
  entry.RefuseUnknown(TableKeys());
  TableReader reader(entry, defaults);
  Table table;
  table.line = std::max(0, entry.mark().line + 1);
  const auto name_in_state = entry.Text("table");
  if (!entry.Has("table")) entry.Missing("table", "the name in state and notices");
  table.table = name_in_state.value_or("");
  const auto pattern = reader.MapOf("pattern").OneOf<Pattern>(
      "pattern", {Pattern::kAppend, Pattern::kCdc, Pattern::kSnapshot});
  if (!reader.Has("pattern")) entry.Missing("pattern", "append, cdc or snapshot");
  table.name = entry.Text("name").value_or(table.table.substr(table.table.rfind('.') + 1));
  if (!table.name.empty() && !IsSafeName(table.name)) {
    entry.Add(entry.Has("name") ? "name" : "table",
              fmt::format("'{}' can't be a name: it becomes a folder, so use letters, digits, '.', "
                          "'_' and '-', beginning with a letter or digit",
                          table.name));
  }
  table.path = reader.MapOf("path").Text("path");
  if (!reader.Has("path") && !has_catalog) {
    entry.Missing("path", "without a `catalog` the Delta table can't be found by its name");
  }
  YamlMap& zone_map = reader.MapOf("timezone");
  if (const auto zone_name = zone_map.Text("timezone")) {
    if (const auto zone = TimeZone::Find(*zone_name)) {
      table.timezone = *zone;
    } else {
      zone_map.Add("timezone", fmt::format("unknown time zone '{}': {}",
                                           zone_map.Written("timezone"), zone.error().remedy));
    }
  }
  ParseColumns(reader, table);
  ParseShape(reader, table);
  ParseSchedule(reader, table);
  if (!pattern) return std::nullopt;
  table.pattern = *pattern;
  RefuseStrangeKeys(reader, table);
  if (table.pattern == Pattern::kSnapshot) {
    ParseSnapshotKeys(reader, table);
    return table;
  }
  ParseChunk(reader, table);
  if (table.pattern == Pattern::kCdc) {
    ParseCdcStart(reader, table);
    return table;
  }
  YamlMap& watermark = reader.MapOf("watermark");
  table.watermark = watermark.Text("watermark").value_or("");
  table.places.watermark = PlaceOf(watermark.MarkOf("watermark"));
  if (!reader.Has("watermark")) {
    entry.Missing("watermark", "the column that says when a row came");
  }
  if (!reader.Has("start")) {
    entry.Missing("start", "a time, a duration before now (60d), or now");
  }
  ParseAppendStart(reader, table);
  return table;
}

}  // namespace sluice::config
