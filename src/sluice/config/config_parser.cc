#include "sluice/config/config_parser.h"

#include <fnmatch.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <tuple>
#include <utility>

#include "sluice/catalog/table_name.h"
#include "sluice/config/idle_keys.h"
#include "sluice/config/nearest.h"
#include "sluice/config/section_parser.h"
#include "sluice/config/table_parser.h"
#include "sluice/config/yaml_document.h"
#include "sluice/config/yaml_map.h"

namespace sluice::config {
namespace {

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// The folders that an entry writes to, below the destination: those of plan/output_layout. A change feed's
/// seeds lie where snapshots do.
std::vector<std::string> FoldersOf(const Table& table) {
  switch (table.pattern()) {
    case Pattern::kAppend:
      return {table.name + "_incremental"};
    case Pattern::kCdc:
      return {table.name + "_cdc", table.name};
    case Pattern::kSnapshot:
      return {table.name};
  }
  return {table.name};
}

/// What an entry calls its row of _export_state: a catalog's name however it is quoted.
std::string RowOf(const Table& table) {
  if (table.path) return table.table;
  const auto name = catalog::ParseTableName(table.table);
  return name ? name->ToString() : table.table;
}

/// Names, folders and state rows must not be shared by two entries.
void CheckUnique(const std::vector<ParsedTable>& tables, const std::vector<YAML::Mark>& marks,
                 Mistakes& mistakes) {
  std::map<std::string, const Table*> names, folders, rows;
  for (size_t i = 0; i < tables.size(); ++i) {
    const Table& table = tables[i].table;
    if (table.name.empty()) continue;
    const auto claim = [&](std::map<std::string, const Table*>& taken, const std::string& key,
                           const std::string& message) {
      const auto [at, is_new] = taken.emplace(Lower(key), &table);
      if (!is_new) {
        mistakes.Add(marks[i],
                     fmt::format("{} (the other entry is on line {})", message, at->second->line));
      }
      return is_new;
    };
    const bool new_name = claim(names, table.name,
                                fmt::format("two entries have the name '{}'; give one of "
                                            "them another `name`",
                                            table.name));
    if (!tables[i].has_pattern) continue;  // its folders are not known
    if (new_name) {
      for (const auto& folder : FoldersOf(table)) {
        const bool new_folder =
            claim(folders, folder,
                  fmt::format("'{}' would write to {}/, a folder of another entry; give one of "
                              "them another `name`",
                              table.name, folder));
        if (!new_folder) break;
      }
    }
    if (!table.is_snapshot()) {
      claim(rows, std::string(Name(table.pattern())) + " " + RowOf(table),
            fmt::format("{} has two {} entries, which would share one row of _export_state",
                        table.table, Name(table.pattern())));
    }
  }
}

/// Fills the tables and their idle keys.
void ParseTables(YamlMap& root, const Environment& env, Mistakes& mistakes, Config& config) {
  const auto note_idle = [&](const YamlMap& entry, const std::string& name) {
    const auto found = FindIdleTableKeys(entry, name);
    config.idle_keys.insert(config.idle_keys.end(), found.begin(), found.end());
  };
  const YAML::Node defaults_node = root.Child("defaults");
  YamlMap defaults(defaults_node, "defaults", env, mistakes);
  CheckDefaults(defaults);
  note_idle(defaults, "");
  std::vector<ParsedTable> parsed;
  std::vector<YAML::Mark> marks;
  const YAML::Node list = root.Child("tables");
  if (!list.IsDefined()) {
    root.Missing("tables", "the list of tables to export");
    return;
  }
  if (list.IsSequence() && list.size() == 0) {
    root.Add("tables", "'tables' is empty: add an entry for each table to export");
    return;
  }
  if (!list.IsSequence()) {
    root.Add("tables", "'tables' must be a list: begin each entry with `- table:`");
    return;
  }
  for (const auto& node : list) {
    YamlMap entry(node, "this table", env, mistakes);
    parsed.push_back(ParseTable(entry, defaults, config.catalog.has_value()));
    Table& table = parsed.back().table;
    table.places.file = config.file;
    note_idle(entry, table.name.empty() ? "?" : table.name);
    marks.push_back(node.Mark());
  }
  CheckUnique(parsed, marks, mistakes);
  for (auto& table : parsed) config.tables.push_back(std::move(table.table));
}

Config ParseRoot(const YAML::Node& document, std::string_view file, const Environment& env,
                 Mistakes& mistakes) {
  Config config;
  config.file = std::string(file);
  const size_t slash = config.file.rfind('/');
  config.folder = slash == std::string::npos ? "." : config.file.substr(0, slash);
  if (config.folder.empty()) config.folder = "/";
  YamlMap root(document, "the config", env, mistakes);
  root.RefuseUnknown({"destination", "tables", "state"},
                     {"source", "catalog", "partner", "limits", "defaults", "notify", "serve"});
  SectionParser sections(env, mistakes, root.Mentions("catalog"));
  if (!root.Has("destination")) {
    root.Missing("destination", "where the exports go");
  } else {
    config.destination = sections.ParseDestination(root.Child("destination"));
  }
  if (root.Has("source")) config.source = sections.ParseSource(root.Child("source"));
  if (root.Mentions("catalog")) config.catalog = sections.ParseCatalog(root.Child("catalog"));
  if (const auto state = root.Location("state")) config.state = *state;
  if (root.Has("partner")) config.partner = sections.ParsePartner(root.Child("partner"));
  if (root.Has("limits")) config.limits = sections.ParseLimits(root.Child("limits"));
  config.idle_keys = FindIdleSections(root);
  if (root.Has("notify")) config.notify = sections.ParseNotify(root.Child("notify"));
  if (root.Has("serve")) config.serve_listen = sections.ParseListen(root.Child("serve"));
  ParseTables(root, env, mistakes, config);
  std::stable_sort(config.idle_keys.begin(), config.idle_keys.end(),
                   [](const auto& a, const auto& b) {
                     return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
                   });
  return config;
}

}  // namespace

Reading ReadConfig(std::string_view text, std::string_view file, const Environment& env) {
  Mistakes mistakes;
  Reading reading;
  try {
    const YAML::Node document = LoadDocument(std::string(text), mistakes);
    if (mistakes.empty()) reading.config = ParseRoot(document, file, env, mistakes);
  } catch (const YAML::Exception& e) {
    mistakes.Add(e.mark, YamlMistake(e));
  } catch (const std::exception& e) {
    mistakes.Add(YAML::Mark::null_mark(), fmt::format("cannot be read: {}", e.what()));
  }
  reading.mistakes = mistakes.Sorted();
  return reading;
}

Result<Config> ParseConfig(std::string_view text, std::string_view file, const Environment& env) {
  Reading reading = ReadConfig(text, file, env);
  if (reading.mistakes.empty()) return std::move(reading.config);
  return Fail(Error{ErrorKind::kConfig, FormatMistakes(file, reading.mistakes), {}});
}

Result<Reading> ReadConfigFile(const std::string& file, const Environment& env) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return Fail(Error{ErrorKind::kConfig, fmt::format("{} is a folder", file),
                      "name the config file in it with --config FILE"});
  }
  std::ifstream in(file, std::ios::binary);
  if (!in.is_open()) {
    const bool there = std::filesystem::exists(file, ignored);
    return Fail(Error{ErrorKind::kConfig,
                      fmt::format("{} {}", file, there ? "cannot be opened" : "does not exist"),
                      there
                          ? "make the file readable for the user that runs sluice"
                          : "name the config with --config FILE, or write one with `sluice init`"});
  }
  std::ostringstream text;
  text << in.rdbuf();
  constexpr size_t kLargest = 16 << 20;
  if (text.str().size() > kLargest) {
    return Fail(Error{ErrorKind::kConfig, fmt::format("{} is larger than 16 MiB", file),
                      "name a config file with --config FILE"});
  }
  return ReadConfig(text.str(), file, env);
}

Result<std::vector<const Table*>> SelectTables(const Config& config,
                                               const std::vector<std::string>& patterns) {
  std::vector<const Table*> selected;
  std::vector<bool> chosen(config.tables.size(), patterns.empty());
  for (const auto& pattern : patterns) {
    bool found = false;
    for (size_t i = 0; i < config.tables.size(); ++i) {
      const Table& table = config.tables[i];
      const bool matches = fnmatch(pattern.c_str(), table.name.c_str(), FNM_CASEFOLD) == 0 ||
                           fnmatch(pattern.c_str(), table.table.c_str(), FNM_CASEFOLD) == 0;
      if (!matches) continue;
      found = true;
      chosen[i] = true;
    }
    if (found) continue;
    std::vector<std::string> names;
    for (const auto& table : config.tables) names.push_back(table.name);
    const auto nearest = Nearest(pattern, names);
    return Fail(Error{ErrorKind::kUsage, fmt::format("no table is named '{}'", pattern),
                      nearest ? fmt::format("did you mean '{}'?", *nearest)
                              : fmt::format("name one of: {}", fmt::join(names, ", "))});
  }
  for (size_t i = 0; i < config.tables.size(); ++i) {
    if (chosen[i]) selected.push_back(&config.tables[i]);
  }
  return selected;
}

}  // namespace sluice::config
