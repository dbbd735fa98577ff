#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <utility>

#include "sluice/aws/environment.h"
#include "sluice/cli/answer.h"
#include "sluice/cli/catalog_search.h"
#include "sluice/cli/command.h"
#include "sluice/cli/config_file.h"
#include "sluice/cli/config_text.h"
#include "sluice/cli/output.h"
#include "sluice/config/config_parser.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/inspect/suggest.h"
#include "sluice/stores/store_registry.h"

namespace sluice::cli {
namespace {

namespace fs = std::filesystem;

/// A place that the user named as the config writes it: unchanged where it is absolute, else relative to the
/// config.
std::string PathInConfig(const std::string& given, const std::string& below,
                         const ConfigFile& file) {
  std::string path = given;
  const bool relative = given.find("://") == std::string::npos && !fs::path(given).is_absolute();
  if (relative) {
    path = fs::absolute(given).lexically_normal().lexically_relative(file.folder).string();
  }
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (below.empty()) return path;
  return path == "." ? below : path + "/" + below;
}

/// The tables found below one PATH. One that cannot be read is reported on stderr and left out.
Result<std::vector<TableEntry>> SearchPath(const Context& context, const std::string& path,
                                           const ConfigFile& file) {
  SLUICE_ASSIGN_OR_RETURN(const store::Location at,
                          store::ParseLocation(path, fs::current_path().string()));
  SLUICE_ASSIGN_OR_RETURN(const auto root, stores::StoreRegistry({}).Open(at));
  SLUICE_ASSIGN_OR_RETURN(const auto folders, exporter::FindDeltaTables(*root, context.cancel));
  if (folders.empty()) {
    return Fail(Error{ErrorKind::kNotFound,
                      fmt::format("{}: neither this folder nor one below is a Delta table", path),
                      "name a folder that contains `_delta_log`, or one above it"});
  }
  std::vector<TableEntry> entries;
  for (const auto& folder : folders) {
    SLUICE_ASSIGN_OR_RETURN(auto store,
                            stores::StoreRegistry({}).Open(folder.empty() ? at : at.Child(folder)));
    auto profile = exporter::ProfileTable(delta::Log(std::move(store)));
    if (!profile) {
      PrintError(std::move(profile).error().Within("left out"));
      continue;
    }
    if (folder.find("${") != std::string::npos) {
      PrintError(
          Error{ErrorKind::kUnsupported,
                fmt::format(
                    "left out: {}: a config would take ${{NAME}} in its path from the environment",
                    at.Child(folder).ToString()),
                "rename the folder"});
      continue;
    }
    TableEntry entry;
    entry.table = NameTable(folder.empty() ? at.LastPart() : folder);
    entry.path = PathInConfig(path, folder, file);
    entry.suggestion = exporter::SuggestPattern(*profile);
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::string LastPart(const std::string& table) { return table.substr(table.rfind('.') + 1); }

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Gives tables whose last parts are the same names of their own.
void NameApart(std::vector<TableEntry>& entries) {
  std::map<std::string, int> uses;
  for (const auto& entry : entries) ++uses[Lower(LastPart(entry.table))];
  for (auto& entry : entries) {
    if (uses[Lower(LastPart(entry.table))] < 2) continue;
    entry.name = PlainName(entry.table);
  }
}

Result<std::vector<TableEntry>> Search(const Context& context,
                                       const std::vector<std::string>& paths,
                                       const ConfigFile& file) {
  std::vector<TableEntry> entries;
  for (const auto& path : paths) {
    SLUICE_ASSIGN_OR_RETURN(auto more, SearchPath(context, path, file));
    std::move(more.begin(), more.end(), std::back_inserter(entries));
  }
  if (entries.empty() && !paths.empty()) {
    return Fail(Error{ErrorKind::kCorrupt,
                      "none of the tables found can be read, so no config was written",
                      "see the errors above"});
  }
  NameApart(entries);
  return entries;
}

/// The entry that `--add TABLE [PATH]` asks for: without PATH, TABLE is the path.
Result<TableEntry> EntryToAdd(const Context& context, const InitCommand& command,
                              const ConfigFile& file) {
  std::error_code error;
  const bool is_path =
      command.add.find('/') != std::string::npos || fs::is_directory(command.add, error);
  if (command.paths.size() > 1 || (command.paths.empty() && !is_path)) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("--add {}: the table's path is missing", command.add),
                      fmt::format("run `sluice init --add {} PATH`", command.add)});
  }
  const std::string& path = command.paths.empty() ? command.add : command.paths.front();
  SLUICE_ASSIGN_OR_RETURN(auto found, SearchPath(context, path, file));
  if (found.empty()) {
    return Fail(Error{ErrorKind::kCorrupt,
                      fmt::format("{} cannot be read, so it was not added", path),
                      "see the error above"});
  }
  if (found.size() > 1) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("{} contains {} Delta tables", path, found.size()),
                      "name the folder of one of them"});
  }
  if (!command.paths.empty()) found.front().table = command.add;
  return std::move(found.front());
}

/// What the environment says of buckets, so that runs by cron, which have another one, find them, too. An
/// endpoint with a password in it stays out of the file.
StoreSettings SettingsOfEnvironment() {
  StoreSettings settings{
      aws::FirstOfEnvironment({"AWS_REGION", "AWS_DEFAULT_REGION"}).value_or(""),
      aws::FirstOfEnvironment({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}).value_or("")};
  if (settings.endpoint.find('@') != std::string::npos) settings.endpoint.clear();
  return settings;
}

/// The whole text of the new config, checked by the parser.
Result<std::string> ComposeText(const InitCommand& command, const ConfigFile& file,
                                const std::vector<TableEntry>& entries) {
  std::string text;
  if (file.exists) {
    SLUICE_ASSIGN_OR_RETURN(const std::string before, ReadText(file));
    SLUICE_RETURN_IF_ERROR(config::ParseConfig(before, file.path, config::ProcessEnvironment()));
    auto added = AddEntry(before, entries.front());
    if (!added) return Fail(std::move(added).error().Within(file.path));
    text = *std::move(added);
  } else {
    const std::string destination = command.destination.empty() ? "export" : command.destination;
    text = FormatConfig(
        destination, SettingsOfEnvironment(), entries,
        command.catalog.empty() ? std::nullopt : std::optional(CatalogOfEnvironment()));
  }
  auto parsed = config::ParseConfig(text, file.path, config::ProcessEnvironment());
  if (!parsed) {
    return Fail(std::move(parsed).error().Within("with this table the config would be invalid"));
  }
  return text;
}

struct Initialised {
  std::string file;
  bool added = false;
  std::vector<TableEntry> entries;
  std::vector<LeftOut> left_out;  ///< of a catalog
};

Result<Initialised> Initialise(const Context& context, const InitCommand& command) {
  SLUICE_ASSIGN_OR_RETURN(const ConfigFile file, FindConfigFile(context.config_file));
  Initialised done{file.path, file.exists, {}, {}};
  if (!command.catalog.empty() && (!command.add.empty() || !command.paths.empty())) {
    return Fail(Error{ErrorKind::kUsage, "--catalog goes with neither --add nor PATH",
                      "run `sluice init --catalog NAME`, or add a table by hand"});
  }
  if (command.add.empty()) {
    if (file.exists) {
      return Fail(Error{ErrorKind::kUsage,
                        fmt::format("{} already exists and is not overwritten", file.path),
                        "add a table to it with --add, or name another file with --config"});
    }
    if (command.catalog.empty()) {
      SLUICE_ASSIGN_OR_RETURN(done.entries, Search(context, command.paths, file));
    } else {
      SLUICE_ASSIGN_OR_RETURN(auto found, SearchCatalog(context, command.catalog));
      done.entries = std::move(found.entries);
      done.left_out = std::move(found.left_out);
      NameApart(done.entries);
    }
  } else {
    if (file.exists && !command.destination.empty()) {
      return Fail(Error{ErrorKind::kUsage, fmt::format("{} already has a destination", file.path),
                        "leave --destination out"});
    }
    SLUICE_ASSIGN_OR_RETURN(auto entry, EntryToAdd(context, command, file));
    done.entries.push_back(std::move(entry));
  }
  SLUICE_ASSIGN_OR_RETURN(const std::string text, ComposeText(command, file, done.entries));
  SLUICE_RETURN_IF_ERROR(WriteText(file, text));
  return done;
}

Json ToJson(const Initialised& done) {
  Json tables = Json::array();
  for (const auto& entry : done.entries) {
    tables.push_back(
        {{"table", entry.table},
         {"path", entry.path.empty() ? Json(nullptr) : Json(entry.path)},
         {"pattern", config::Name(entry.suggestion.pattern)},
         {"watermark",
          entry.suggestion.watermark.empty() ? Json(nullptr) : Json(entry.suggestion.watermark)},
         {"reason", entry.suggestion.reason}});
  }
  Json left_out = Json::array();
  for (const auto& table : done.left_out) {
    left_out.push_back({{"table", table.table}, {"reason", table.why}});
  }
  return {{"config", done.file}, {"tables", std::move(tables)}, {"left_out", std::move(left_out)}};
}

void Print(const Initialised& done) {
  PrintLine(fmt::format("{} {}", done.added ? "added to" : "wrote", done.file));
  for (const auto& entry : done.entries) {
    PrintLine(fmt::format("  {}  {}: {}", entry.table, config::Name(entry.suggestion.pattern),
                          entry.suggestion.reason));
  }
  for (const auto& table : done.left_out) {
    PrintLine(fmt::format("  {}  left out: {}", table.table, table.why));
  }
  PrintLine(done.entries.empty() ? "its table is an example: replace it, then run `sluice check`"
                                 : "review it, then run `sluice check`");
}

}  // namespace

int Execute(const Context& context, const InitCommand& command) {
  const auto done = Initialise(context, command);
  if (!done) return Report(done.error(), context);
  if (context.json) {
    PrintAnswer(context, ToJson(*done), kExitOk);
  } else if (!context.quiet) {
    Print(*done);
  }
  return kExitOk;
}

}  // namespace sluice::cli
