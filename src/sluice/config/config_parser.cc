#include "sluice/config/config_parser.h"

#include <fnmatch.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <utility>

#include "sluice/config/nearest.h"
#include "sluice/config/section_parser.h"
#include "sluice/config/table_parser.h"
#include "sluice/config/yaml_document.h"
#include "sluice/config/yaml_map.h"
#include "sluice/runtime/log.h"

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
  switch (table.pattern) {
    case Pattern::kAppend:
      return {table.name + "_incremental"};
    case Pattern::kCdc:
      return {table.name + "_cdc", table.name};
    case Pattern::kSnapshot:
      return {table.name};
  }
  return {table.name};
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
                                fmt::format("the name '{}' is taken; give one of the two entries a "
                                            "`name` of its own",
                                            table.name));
    if (!tables[i].has_pattern) continue;  // its folders are not known
    if (new_name) {
      for (const auto& folder : FoldersOf(table)) {
        const bool new_folder =
            claim(folders, folder,
                  fmt::format("'{}' would write to {}/, a folder of another entry; give one of the "
                              "two a `name` of its own",
                              table.name, folder));
        if (!new_folder) break;
      }
    }
    if (table.pattern != Pattern::kSnapshot) {
      claim(rows, std::string(Name(table.pattern)) + " " + table.table,
            fmt::format("{} has two {} entries, which would share one row of state", table.table,
                        Name(table.pattern)));
    }
  }
}

std::vector<Table> ParseTables(YamlMap& root, const std::string& file, const Environment& env,
                               bool has_catalog, Mistakes& mistakes) {
  const YAML::Node defaults_node = root.Child("defaults");
  YamlMap defaults(defaults_node, "defaults", env, mistakes);
  CheckDefaults(defaults);
  std::vector<Table> tables;
  std::vector<ParsedTable> parsed;
  std::vector<YAML::Mark> marks;
  const YAML::Node list = root.Child("tables");
  if (!list.IsDefined()) {
    root.Missing("tables", "the list of tables to export");
    return tables;
  }
  if (list.IsSequence() && list.size() == 0) {
    root.Add("tables", "'tables' is empty: there is nothing to export");
    return tables;
  }
  if (!list.IsSequence()) {
    root.Add("tables", "'tables' must be a list: begin each entry with `- table:`");
    return tables;
  }
  for (const auto& node : list) {
    YamlMap entry(node, "this table", env, mistakes);
    parsed.push_back(ParseTable(entry, defaults, has_catalog));
    parsed.back().table.places.file = file;
    marks.push_back(node.Mark());
  }
  CheckUnique(parsed, marks, mistakes);
  for (auto& table : parsed) tables.push_back(std::move(table.table));
  return tables;
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
  SectionParser sections(env, mistakes);
  if (!root.Has("destination")) {
    root.Missing("destination", "where the exports go");
  } else {
    config.destination = sections.ParseDestination(root.Child("destination"));
  }
  if (root.Has("source")) config.source = sections.ParseSource(root.Child("source"));
  if (root.Has("catalog")) config.catalog = sections.ParseCatalog(root.Child("catalog"));
  if (const auto state = root.Location("state")) config.state = *state;
  if (root.Has("partner")) config.partner = sections.ParsePartner(root.Child("partner"));
  if (root.Has("limits")) config.limits = sections.ParseLimits(root.Child("limits"));
  if (root.Has("notify")) config.notify = sections.ParseNotify(root.Child("notify"));
  if (root.Has("serve")) config.serve_listen = sections.ParseListen(root.Child("serve"));
  config.tables = ParseTables(root, config.file, env, config.catalog.has_value(), mistakes);
  return config;
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    runtime::RegisterExpansion(name, value);
    return std::string(value);
  };
}

Result<Config> ParseConfig(std::string_view text, std::string_view file, const Environment& env) {
  Mistakes mistakes;
  Config config;
  try {
    const YAML::Node document = LoadDocument(std::string(text), mistakes);
    if (!mistakes.empty()) {
      return Fail(Error{ErrorKind::kConfig, FormatMistakes(file, mistakes.Sorted()), {}});
    }
    config = ParseRoot(document, file, env, mistakes);
  } catch (const YAML::Exception& e) {
    mistakes.Add(e.mark, YamlMistake(e));
  } catch (const std::exception& e) {
    return Fail(ErrorKind::kConfig, "{}: can't be read: {}", file, e.what());
  }
  if (mistakes.empty()) return config;
  return Fail(Error{ErrorKind::kConfig, FormatMistakes(file, mistakes.Sorted()), {}});
}

Result<Config> LoadConfig(const std::string& file, const Environment& env) {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    return Fail(Error{ErrorKind::kConfig, fmt::format("{}: is a folder", file),
                      "name the config in it: --config FILE"});
  }
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    // An empty file sets the stream's fail bit, too; it is told as what it lacks.
    if (!in.is_open() || text.str().empty()) {
      std::ifstream again(file);
      if (!again.is_open()) {
        return Fail(Error{ErrorKind::kConfig, fmt::format("{}: can't be opened", file),
                          "name the config with --config FILE, or write one with `sluice init`"});
      }
    }
  }
  constexpr size_t kLargest = 16 << 20;
  if (text.str().size() > kLargest) {
    return Fail(ErrorKind::kConfig, "{}: is larger than any config can be", file);
  }
  return ParseConfig(text.str(), file, env);
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
    return Fail(Error{ErrorKind::kUsage, fmt::format("no table is called '{}'", pattern),
                      nearest ? fmt::format("did you mean '{}'?", *nearest)
                              : fmt::format("the config has: {}", fmt::join(names, ", "))});
  }
  for (size_t i = 0; i < config.tables.size(); ++i) {
    if (chosen[i]) selected.push_back(&config.tables[i]);
  }
  return selected;
}

}  // namespace sluice::config
