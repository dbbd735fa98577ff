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
    "NAME is a table's name, its full name or a glob. Global options go before or\n"
    "after the command. `sluice help COMMAND` explains one command.\n"
    "\n"
    "Exit codes: 0 all well, 1 a table failed or is late or a check found a fault,\n"
    "2 wrong usage or config, 75 a later try may succeed, 130/143 stopped by a\n"
    "signal.";
constexpr const char* kGlobalOptions = "Global options";
constexpr size_t kHelpColumn = 28;

/// The command line's grammar, filled by parsing; `command` is the command that was given.
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
  OnboardCommand onboard;
  HandoverCommand handover;
  StateShowCommand state_show;
  StateSetCommand state_set;
  StateSkipCommand state_skip;
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
  void AddPartnerCommands();
  void AddStateCommands();
};

void AddNames(CLI::App* command, std::vector<std::string>& names) {
  command->add_option("NAME", names, "tables; all of them without it");
}

void AddAtVersion(CLI::App* command, std::optional<int64_t>& version) {
  command->add_option("--at-version", version, "read the source as of this version")
      ->check([](const std::string& text) {
        if (text.starts_with('-')) return "'" + text + "' is not a version: versions start at 0";
        constexpr size_t kMostDigits = 18;
        const bool is_number = !text.empty() && text.size() <= kMostDigits &&
                               text.find_first_not_of("0123456789") == std::string::npos;
        return is_number ? std::string() : "'" + text + "' is not a version: give a number, e.g. 7";
      });
}

Grammar::Grammar() {
  app.allow_extras();
  app.require_subcommand(0, 1);
  app.footer(kFooter);
  app.get_formatter()->column_width(kHelpColumn);
  AddGlobalOptions();
  CLI::App* added = AddCommand(app, "init", "Write a first config, or add a table to it", init);
  added->add_option("PATH", init.paths, "folders to search for Delta tables");
  added->add_option("--add", init.add, "add the table of this name or at this path");
  added->add_option("--catalog", init.catalog, "list a Unity Catalog, or main.sales of it");
  added->add_option("--destination", init.destination, "where the exports go");
  AddLookingCommands();
  AddExportCommands();
  AddPartnerCommands();
  AddStateCommands();
}

void Grammar::AddGlobalOptions() {
  const auto last = CLI::MultiOptionPolicy::TakeLast;
  app.option_defaults()->group(kGlobalOptions);
  app.add_option("--config", context.config_file, "the config file [sluice.yaml]")
      ->multi_option_policy(last)
      ->type_name("FILE");
  app.add_option("--now", now, "act as if it were this time (UTC without offset)")
      ->multi_option_policy(last)
      ->type_name("TIME");
  app.add_flag("--json", context.json, "print one JSON document on stdout");
  CLI::Option* verbose = app.add_flag("-v,--verbose", context.verbose, "log each step");
  app.add_flag("-q,--quiet", context.quiet, "print errors only")->excludes(verbose);
  app.set_version_flag("-V,--version", "sluice " SLUICE_VERSION, "print the version and exit");
  app.set_help_flag("-h,--help", "print this help and exit");
  app.option_defaults()->group("Options");
}

void Grammar::AddLookingCommands() {
  AddNames(AddCommand(app, "check", "Find whatever a run would fail on", check), check.names);
  CLI::App* added = AddCommand(app, "plan", "Show what run would do; writes nothing", plan);
  AddNames(added, plan.names);
  AddAtVersion(added, plan.at_version);
  added = AddCommand(app, "verify", "Prove that exports, manifests and source agree", verify);
  AddNames(added, verify.names);
  added->add_option("--since", verify.since, "only exports that end after this time or version");
  AddNames(
      AddCommand(app, "status", "Show how far each table is exported, and what is wrong", status),
      status.names);
  added = AddCommand(app, "ls", "List the destination and check its layout", list);
  added->add_option("NAME", list.name, "one table; the whole destination without it");
  added->add_flag("--recursive", list.recursive, "list every object");
  added->add_flag("--human-readable", list.human_readable, "sizes in KiB, MiB, ..");
  added->add_flag("--summarize", list.summarize, "end with totals");
}

void Grammar::AddExportCommands() {
  CLI::App* added = AddCommand(app, "run", "Export what is new", run);
  AddNames(added, run.names);
  AddAtVersion(added, run.at_version);
  added->add_option("--wait", run.wait, "wait this long for another run, e.g. 10m");
  added->add_flag("--reseed,--full-refresh", run.reseed, "cdc: start over from a new snapshot");
  added->add_flag("--yes", run.yes, "do not ask before --reseed of all feeds");
  added = AddCommand(app, "backfill", "Export a range again, or for the first time", backfill);
  added->add_option("NAME", backfill.name, "the table")->required();
  added->add_option("--from", backfill.from, "start of the range (exclusive)")->required();
  added->add_option("--to", backfill.to, "end of the range (inclusive)")->required();
  added->add_option("--chunk", backfill.chunk, "export in pieces of this length, e.g. 1d");
  AddAtVersion(added, backfill.at_version);
  added->add_flag("--again", backfill.again, "replace what is exported already");
  added = AddCommand(app, "prune", "Remove files that no manifest names any more", prune);
  AddNames(added, prune.names);
  added->add_flag("--dry-run", prune.dry_run, "show what would be removed; removes nothing");
  added->add_flag("--replaced-now", prune.replaced_now,
                  "remove replaced exports at once, not a day later");
}

void Grammar::AddPartnerCommands() {
  CLI::App* added =
      AddCommand(app, "onboard", "Print policies, commands and SQL for both sides", onboard);
  AddNames(added, onboard.names);
  added->add_option("--format", onboard.format, "json, aws, terraform, sql or text [text]")
      ->check(CLI::IsMember({"json", "aws", "terraform", "sql", "text"}));
  added->add_option("--only", onboard.only, "one document, e.g. partner-policy");
  added->add_option("--account", onboard.account, "the AWS account of the bucket");
  added->add_option("--runner", onboard.runner, "ARN of who assumes the exporter's role");
  added->add_option("--databricks-role", onboard.databricks_role,
                    "name of the storage credential's role");
  added->add_option("--databricks-external-id", onboard.databricks_external_id,
                    "what Databricks shows for the credential");
  added->add_option("--catalog", onboard.catalog, "catalog for the state table");
  added->add_option("--schema", onboard.schema, "schema for it [sluice_export]");
  added->add_flag("--apply", onboard.apply,
                  "show what the bucket's policy lacks, and put it there");
  added = AddCommand(app, "handover", "Write the notice that the partner gets", handover);
  added->add_option("--format", handover.format, "markdown, html or json [markdown]")
      ->check(CLI::IsMember({"markdown", "html", "json"}));
  added->add_option("-o,--output", handover.out, "write to this file, and its data beside it");
  added->add_option("--since", handover.since, "show what changed since this file's JSON");
}

void Grammar::AddStateCommands() {
  CLI::App* state = app.add_subcommand("state", "Show or repair the state table");
  state->fallthrough();
  state->allow_extras();
  state->require_subcommand(0, 1);
  AddNames(AddCommand(*state, "show", "Show the state table's rows", state_show), state_show.names);
  CLI::App* added = AddCommand(*state, "set", "Set where the next window begins", state_set);
  added->add_option("NAME", state_set.name, "the table")->required();
  added->add_option("VALUE", state_set.value, "a time (append) or a version (cdc)")->required();
  added->add_flag("--skip", state_set.skip, "record the skipped range as intended");
  added->add_flag("--yes", state_set.yes, "do not ask");
  added = AddCommand(*state, "skip", "Say that a gap between exports is meant", state_skip);
  added->add_option("NAME", state_skip.name, "the table")->required();
  added->add_option("--from", state_skip.from, "where the gap begins: a time or a version")
      ->required();
  added->add_option("--to", state_skip.to, "where it ends")->required();
  added = AddCommand(*state, "forget", "Forget what was exported; the next run is a first run",
                     state_forget);
  added->add_option("NAME", state_forget.name, "the table")->required();
  added->add_flag("--yes", state_forget.yes, "do not ask");
  added =
      AddCommand(*state, "void", "Give up an export that is decided but not visible", state_void);
  added->add_option("NAME", state_void.name, "the table")->required();
  added = AddCommand(*state, "republish", "Write missing manifests again", state_republish);
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

/// Flags that `command` and its parents take.
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

/// kUsage where the command is missing, or the line holds something that no command accepts.
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
                      fmt::format("{}: unexpected argument '{}'", name, left.front()),
                      fmt::format("see `{} --help`", name)});
  }
  return {};
}

/// `sluice help run` is `sluice run --help`.
std::vector<std::string> WithoutHelpCommand(std::vector<std::string> words) {
  if (words.empty() || words.front() != "help") return words;
  words.erase(words.begin());
  words.emplace_back("--help");
  return words;
}

/// The help of the given command, with the options that every command accepts.
std::string HelpOf(const CLI::App& app) {
  const std::string text = app.help();
  if (Named(app) == &app) return text;
  const auto options = app.get_options([&](const CLI::Option* option) {
    return option->get_group() == kGlobalOptions && option != app.get_help_ptr();
  });
  CLI::Formatter formatter;
  formatter.column_width(kHelpColumn);
  return text + formatter.make_group(kGlobalOptions, false, {options.begin(), options.end()});
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
    // CLI11 reads the words from the back.
    const auto words = WithoutHelpCommand(arguments);
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::CallForHelp&) {
    return Parsed(HelpText{HelpOf(app)});
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
  grammar.context.command = FullName(Named(app)).substr(app.get_name().size() + 1);
  return Parsed(Invocation{std::move(grammar.context), std::move(grammar.command)});
}

bool AsksForJson(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
}

}  // namespace sluice::cli
