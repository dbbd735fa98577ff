#include "sluice/cli/config_text.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <regex>
#include <utility>

#include "sluice/base/time_zone.h"

namespace sluice::cli {
namespace {

constexpr std::string_view kHead =
    R"(# What sluice exports, from where to where. Relative paths are relative to this file; ${{NAME}} in a
# value is read from the environment. Next: `sluice check`, `sluice plan`, `sluice run`.

destination:
  url: {}    # a folder, or s3://bucket/prefix
{}
# Kept beside the exports by default:
# state: {}/_export_state

# limits: {{memory: 1GiB, connections: 32, max_concurrent_runs: 2}}

# Keys here apply to every table:
# defaults: {{timezone: UTC, partition: hourly, late_rows: export}}

tables:
)";

/// A value as YAML: plain where that cannot be misread, else in double quotes.
std::string Quote(const std::string& text) {
  static const std::regex kPlain("[A-Za-z_./][A-Za-z0-9_./-]*");
  static const std::regex kWord("(?:true|false|yes|no|on|off|null|y|n)",
                                std::regex::icase | std::regex::ECMAScript);
  if (std::regex_match(text, kPlain) && !std::regex_match(text, kWord)) return text;
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool IsInBucket(std::string_view place) {
  return place.starts_with("s3://") || place.starts_with("s3a://");
}

/// Lines of a section; "" where nothing is known.
std::string SettingLines(const StoreSettings& settings) {
  std::string lines;
  if (!settings.region.empty()) lines += fmt::format("  region: {}\n", Quote(settings.region));
  if (!settings.endpoint.empty())
    lines += fmt::format("  endpoint: {}\n", Quote(settings.endpoint));
  return lines;
}

/// "key: value    # comment", with the comments of an entry aligned.
std::string Line(std::string_view key, const std::string& value, std::string_view comment = {}) {
  constexpr int kCommentColumn = 40;
  const std::string text = fmt::format("{}: {}", key, value);
  if (comment.empty()) return text;
  return fmt::format("{:<{}} # {}", text, kCommentColumn, comment);
}

std::vector<std::string> StartLines(const exporter::Suggestion& suggestion) {
  std::vector<std::string> lines;
  if (suggestion.older) {
    lines.push_back(fmt::format("# {} is the oldest {}; rows up to `start` are not exported",
                                FormatTimestamp(*suggestion.older), suggestion.watermark));
  }
  lines.push_back(
      suggestion.before_first
          ? Line("start", fmt::format("\"{}\"", FormatTimestamp(*suggestion.before_first)),
                 "exclusive; just before the first row")
          : Line("start", "60d", "exclusive; also a time like \"2026-01-01T00:00:00Z\", or now"));
  return lines;
}

/// The lines of an entry, the first one behind its "- ".
std::vector<std::string> EntryLines(const TableEntry& entry) {
  std::vector<std::string> lines{
      Line("table", Quote(entry.table), "its full name: what _export_state calls it")};
  if (!entry.name.empty()) {
    lines.push_back(Line("name", Quote(entry.name), "its folder, and NAME in commands"));
  }
  if (!entry.path.empty()) lines.push_back(Line("path", Quote(entry.path)));
  lines.push_back(Line("pattern", std::string(config::Name(entry.suggestion.pattern))));
  switch (entry.suggestion.pattern) {
    case config::Pattern::kAppend:
      lines.push_back(Line("watermark", Quote(entry.suggestion.watermark),
                           "must never be back-dated for new rows"));
      for (auto& line : StartLines(entry.suggestion)) lines.push_back(std::move(line));
      lines.push_back(Line("partition", "hourly", "or daily"));
      break;
    case config::Pattern::kCdc:
      lines.push_back(Line("start", "snapshot", "what is there now, then every change"));
      break;
    case config::Pattern::kSnapshot:
      lines.push_back(Line("keep", "5", "snapshots"));
      lines.push_back(Line("skip_unchanged", "true", "a run adds one only if the source changed"));
      break;
  }
  return lines;
}

/// An entry whose dash is in column `indent`, with its reason above; ends with a newline.
std::string FormatEntry(const TableEntry& entry, size_t indent) {
  const std::string margin(indent, ' ');
  std::string reason = entry.suggestion.reason;
  std::replace(reason.begin(), reason.end(), '\n', ' ');
  std::string text =
      fmt::format("{}# {}: {}.\n", margin, config::Name(entry.suggestion.pattern), reason);
  bool first = true;
  for (const auto& line : EntryLines(entry)) {
    text += fmt::format("{}{}{}\n", margin, first ? "- " : "  ", line);
    first = false;
  }
  return text;
}

TableEntry Example() {
  TableEntry example;
  example.table = "main.sales.events";
  example.path = "lake/events";
  example.suggestion.pattern = config::Pattern::kAppend;
  example.suggestion.watermark = "event_timestamp";
  example.suggestion.reason =
      "an example to replace; `sluice init --add PATH` suggests an entry for a table";
  return example;
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.emplace_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

size_t Indent(const std::string& line) { return line.find_first_not_of(' '); }

bool IsBlankOrComment(const std::string& line) {
  const size_t at = line.find_first_not_of(" \t\r\n");
  return at == std::string::npos || line[at] == '#';
}

/// Lines of the section `catalog`; who asks, the environment says again when the config is used.
std::string CatalogLines(const CatalogSettings& catalog) {
  const std::string lines =
      "\n# Where the tables without a `path` are found; who asks, DATABRICKS_TOKEN or the profile "
      "says.\ncatalog:\n";
  if (!catalog.url.empty()) return lines + fmt::format("  url: {}\n", Quote(catalog.url));
  return lines + fmt::format("  auth: {{profile: {}}}\n",
                             catalog.profile.empty() ? "DEFAULT" : Quote(catalog.profile));
}

}  // namespace

std::string FormatConfig(std::string_view destination, const StoreSettings& settings,
                         const std::vector<TableEntry>& entries,
                         const std::optional<CatalogSettings>& catalog) {
  const std::string url(destination);
  const bool to_bucket = IsInBucket(url);
  const bool from_bucket =
      catalog || std::any_of(entries.begin(), entries.end(),
                             [](const auto& entry) { return IsInBucket(entry.path); });
  const std::string reached = SettingLines(settings);
  std::string sections = to_bucket ? reached : "";
  if (!to_bucket && from_bucket && !reached.empty()) sections += "\nsource:\n" + reached;
  if (catalog) sections += CatalogLines(*catalog);
  std::string text = fmt::format(kHead, Quote(url), sections, url);
  if (entries.empty()) return text + FormatEntry(Example(), 2);
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) text += '\n';
    text += FormatEntry(entries[i], 2);
  }
  return text;
}

Result<std::string> AddEntry(std::string_view config, const TableEntry& entry) {
  std::vector<std::string> lines = SplitLines(config);
  const auto no_list = [] {
    return Fail(Error{ErrorKind::kConfig,
                      "'tables' is not written as a list of lines that begin with `- table:`",
                      "write it so, or add the entry by hand"});
  };
  YAML::Node tables;
  try {
    tables = YAML::Load(std::string(config))["tables"];
  } catch (const YAML::Exception& e) {
    return Fail(ErrorKind::kConfig, "not valid YAML: {}", e.msg);
  }
  if (!tables.IsDefined() || !tables.IsSequence() || tables.size() == 0) return no_list();
  if (tables.Style() == YAML::EmitterStyle::Flow) return no_list();
  const size_t first = static_cast<size_t>(tables.Mark().line);
  if (first >= lines.size()) return no_list();
  const size_t indent = Indent(lines[first]);
  if (indent == std::string::npos || lines[first][indent] != '-') return no_list();
  // The list ends before the first line that belongs to something else; trailing comments stay below.
  size_t after = first + 1;
  for (size_t i = first + 1; i < lines.size(); ++i) {
    if (IsBlankOrComment(lines[i])) continue;
    const size_t at = Indent(lines[i]);
    if (at < indent || (at == indent && lines[i][at] != '-')) break;
    after = i + 1;
  }
  if (lines[after - 1].back() != '\n') lines[after - 1] += '\n';
  lines.insert(lines.begin() + static_cast<ptrdiff_t>(after), "\n" + FormatEntry(entry, indent));
  return fmt::format("{}", fmt::join(lines, ""));
}

std::string PlainName(std::string name) {
  for (char& c : name) {
    const bool fits = std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
    if (!fits) c = '_';
  }
  if (name.empty() || !std::isalnum(static_cast<unsigned char>(name.front()))) name = "t" + name;
  return name;
}

std::string NameTable(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(PlainName(std::string(part)));
    path = slash == std::string_view::npos ? "" : path.substr(slash + 1);
  }
  return parts.empty() ? "table" : fmt::format("{}", fmt::join(parts, "."));
}

}  // namespace sluice::cli
