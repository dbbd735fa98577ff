#include "sluice/cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "sluice/base/time_zone.h"
#include "sluice/config/nearest.h"

namespace sluice::cli {
namespace {

constexpr const char* kAbout =
    "Exports what is new in Delta tables to partitioned Parquet, exactly once.";
constexpr const char* kFooter =
    "NAME is a table's name, its full name or a glob. Global options stand before or after the\n"
    "command; `sluice COMMAND --help` tells more.\n"
    "\n"
    "Exit codes: 0 all well, 1 a table failed or a check found a fault, 2 wrong usage or config,\n"
    "75 a later try may succeed, 130/143 stopped by a signal.";

/// The command line's grammar. Filled by parsing; the command that was named becomes `command`.
struct Grammar {
  CLI::App app{kAbout, "sluice"};
  Context context;
  std::string now;
  InitCommand init;
  CheckCommand check;
  PlanCommand plan;
  RunCommand run;
  BackfillCommand backfill;
  VerifyCommand verify;
  StatusCommand status;
  ListCommand list;
  PruneCommand prune;
  StateShowCommand state_show;
  StateSetCommand state_set;
  StateForgetCommand state_forget;
  StateVoidCommand state_void;
  StateRepublishCommand state_republish;
  Command command;

  Grammar();

 private:
  /// A command that, once parsed, makes `arguments` the one to execute.
  template <typename T>
  CLI::App* AddCommand(CLI::App& parent, const char* name, const char* about, T& arguments) {
    CLI::App* added = parent.add_subcommand(name, about);
    added->fallthrough();
    added->allow_extras();
    added->callback([this, &arguments] { command = arguments; });
    return added;
  }
  void AddGlobalOptions();
  void AddExportCommands();
  void AddLookingCommands();
  void AddStateCommands();
};

void AddNames(CLI::App* command, std::vector<std::string>& names) {
  command->add_option("NAME", names, "tables (all, if none is named)");
}

void AddAtVersion(CLI::App* command, std::optional<int64_t>& version) {
  command->add_option("--at-version", version, "read the source as of this version")
      ->check([](const std::string& text) {
        return text.starts_with('-') ? "'" + text + "' is no version: versions count from 0"
                                     : std::string();
      });
}

Grammar::Grammar() {
  app.allow_extras();
  app.require_subcommand(0, 1);
  app.footer(kFooter);
  app.get_formatter()->column_width(34);
  AddGlobalOptions();
  CLI::App* added = AddCommand(app, "init", "Write a config to begin with, or add a table", init);
  added->add_option("PATH", init.paths, "folders in which Delta tables are looked for");
  added->add_option("--add", init.add,
                    "add the table of this name, or at this path, to the config");
  added->add_option("--destination", init.destination, "where exports are to be written");
  AddLookingCommands();
  AddExportCommands();
  AddStateCommands();
}

void Grammar::AddGlobalOptions() {
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  app.add_option("--config", context.config_file, "the config file [sluice.yaml]")
      ->multi_option_policy(last);
  app.add_option("--now", now, "the time to take for now; without an offset: UTC")
      ->multi_option_policy(last);
  app.add_flag("--json", context.json, "print one JSON document");
  CLI::Option* verbose = app.add_flag("-v,--verbose", context.verbose, "log more");
  app.add_flag("-q,--quiet", context.quiet, "print errors only")->excludes(verbose);
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
}

void Grammar::AddLookingCommands() {
  AddNames(AddCommand(app, "check", "Look for whatever would keep a run from succeeding", check),
           check.names);
  CLI::App* added = AddCommand(app, "plan", "Say what run would do; write nothing", plan);
  AddNames(added, plan.names);
  AddAtVersion(added, plan.at_version);
  AddNames(AddCommand(app, "verify", "Prove that export, manifests and source agree", verify),
           verify.names);
  AddNames(AddCommand(app, "status", "Say where each table's export stands", status), status.names);
  added = AddCommand(app, "ls", "List what lies at the destination, and check its layout", list);
  added->add_option("NAME", list.name, "a table (the whole destination, if none is named)");
  added->add_flag("--recursive", list.recursive, "list every object");
  added->add_flag("--human-readable", list.human_readable, "sizes in KiB, MiB, ..");
  added->add_flag("--summarize", list.summarize, "end with totals");
}

void Grammar::AddExportCommands() {
  CLI::App* added = AddCommand(app, "run", "Export what is new", run);
  AddNames(added, run.names);
  AddAtVersion(added, run.at_version);
  added->add_option("--wait", run.wait, "wait this long for another runner, e.g. 10m");
  added->add_flag("--reseed,--full-refresh", run.reseed, "cdc: begin anew from a snapshot");
  added = AddCommand(app, "backfill", "Export a range again or for the first time", backfill);
  added->add_option("NAME", backfill.name, "the table")->required();
  added->add_option("--from", backfill.from, "where the range begins (exclusive)")->required();
  added->add_option("--to", backfill.to, "where it ends (inclusive)")->required();
  added->add_option("--chunk", backfill.chunk, "export it in pieces, e.g. 1d");
  AddAtVersion(added, backfill.at_version);
  added->add_flag("--again", backfill.again, "replace what of it is exported already");
  added = AddCommand(app, "prune", "Remove what no manifest names any longer", prune);
  AddNames(added, prune.names);
  added->add_flag("--dry-run", prune.dry_run, "say what would be removed; remove nothing");
}

void Grammar::AddStateCommands() {
  CLI::App* state = app.add_subcommand("state", "Show or repair the state table");
  state->fallthrough();
  state->allow_extras();
  state->require_subcommand(0, 1);
  AddNames(AddCommand(*state, "show", "Show the state table's rows", state_show), state_show.names);
  CLI::App* added =
      AddCommand(*state, "set", "Let the next window begin at a time or version", state_set);
  added->add_option("NAME", state_set.name, "the table")->required();
  added->add_option("VALUE", state_set.value, "a time (append) or a version (cdc)")->required();
  added->add_flag("--skip", state_set.skip, "leave out on purpose what is passed over");
  added = AddCommand(*state, "forget", "Let the next run be a first run", state_forget);
  added->add_option("NAME", state_forget.name, "the table")->required();
  added = AddCommand(*state, "void", "Give up an export that is decided and not yet visible",
                     state_void);
  added->add_option("NAME", state_void.name, "the table")->required();
  added = AddCommand(*state, "republish", "Write manifests again that somebody took away",
                     state_republish);
  added->add_option("NAME", state_republish.name, "the table")->required();
}

/// The command that was named last: "state set" for that one, the program itself for none.
const CLI::App* Named(const CLI::App& app) {
  const CLI::App* named = &app;
  while (!named->get_subcommands().empty()) named = named->get_subcommands().front();
  return named;
}

std::string FullName(const CLI::App* command) {
  std::string name = command->get_name();
  for (const CLI::App* up = command->get_parent(); up != nullptr; up = up->get_parent()) {
    name = up->get_name() + " " + name;
  }
  return name;
}

std::vector<std::string> CommandNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app->get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// Flags that may stand where `command` was named, its parents' included.
std::vector<std::string> FlagNames(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
      for (const auto& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  return names;
}

Error Misspelt(std::string what, const std::string& word, const std::vector<std::string>& known,
               const std::string& help) {
  if (const auto nearest = config::Nearest(word, known)) {
    what += fmt::format("; did you mean '{}'?", *nearest);
  }
  return Error{ErrorKind::kUsage, std::move(what), fmt::format("see `{} --help`", help)};
}

/// kUsage where a command is missing, or something stands on the line that no command takes.
Status CheckNothingIsLeft(const CLI::App& app) {
  const CLI::App* named = Named(app);
  const std::string name = FullName(named);
  const std::vector<std::string> left = app.remaining(true);
  const auto flag = std::find_if(left.begin(), left.end(),
                                 [](const std::string& word) { return word.starts_with('-'); });
  const std::vector<std::string> commands = CommandNames(named);
  if (!commands.empty()) {
    const auto word = std::find_if(left.begin(), left.end(),
                                   [](const std::string& w) { return !w.starts_with('-'); });
    if (word != left.end()) {
      return Fail(
          Misspelt(fmt::format("{}: unknown command '{}'", name, *word), *word, commands, name));
    }
    if (flag == left.end()) {
      return Fail(Error{ErrorKind::kUsage, fmt::format("{}: no command was given", name),
                        fmt::format("name one of {}", fmt::join(commands, ", "))});
    }
  }
  if (flag != left.end()) {
    const std::string word = flag->substr(0, flag->find('='));
    return Fail(
        Misspelt(fmt::format("{}: unknown option '{}'", name, word), word, FlagNames(named), name));
  }
  if (!left.empty()) {
    return Fail(Error{ErrorKind::kUsage,
                      fmt::format("{}: '{}' is one argument too many", name, left.front()),
                      fmt::format("see `{} --help`", name)});
  }
  return {};
}

Error WrongUsage(const CLI::App& app, const CLI::ParseError& error) {
  const std::string name = FullName(Named(app));
  return Error{ErrorKind::kUsage, fmt::format("{}: {}", name, error.what()),
               fmt::format("see `{} --help`", name)};
}

}  // namespace

Result<Parsed> ParseArguments(const std::vector<std::string>& arguments) {
  Grammar grammar;
  CLI::App& app = grammar.app;
  try {
    // CLI11 takes the words from the back.
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return Parsed(HelpText{app.help()});
  } catch (const CLI::CallForVersion& version) {
    return Parsed(HelpText{std::string(version.what()) + "\n"});
  } catch (const CLI::ParseError& error) {
    // A misspelt option is why a required one is missing: say that first.
    SLUICE_RETURN_IF_ERROR(CheckNothingIsLeft(app));
    return Fail(WrongUsage(app, error));
  }
  SLUICE_RETURN_IF_ERROR(CheckNothingIsLeft(app));
  if (!grammar.now.empty()) {
    auto now = ParseTimestamp(grammar.now, TimeZone::Utc());
    if (!now) return Fail(std::move(now).error().Within("--now"));
    grammar.context.now = *now;
  }
  return Parsed(Invocation{std::move(grammar.context), std::move(grammar.command)});
}

bool AsksForJson(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
}

}  // namespace sluice::cli
