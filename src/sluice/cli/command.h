#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/exporter/session/services.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::cli {

/// Exit codes of the contract.
inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitTryAgain = 75;

/// What every command knows: the global flags, the config, and how to stop.
struct Context {
  std::string command;  ///< "run", "state set", ..; "" where the command line could not be parsed
  std::string run_id;   ///< of this call, in its log and in its JSON
  std::string config_file = "sluice.yaml";
  bool json = false;
  bool verbose = false, quiet = false;
  std::optional<Timestamp> now;
  runtime::CancelToken cancel;
  std::shared_ptr<const config::Config> config;  ///< null for `init`
};

/// A config with the services for it.
struct Loaded {
  std::shared_ptr<const config::Config> config;
  exporter::Services services;
};

/// The one table that `name` selects, for commands that work on one. kUsage where it selects several.
struct OneTable {
  Loaded loaded;
  const config::Table* table = nullptr;
};
Result<OneTable> LoadAndSelectOne(const Context& context, const std::string& name);

/// The tables that `names` select (none: all).
struct Selection {
  Loaded loaded;
  std::vector<const config::Table*> tables;
};
Result<Selection> LoadAndSelect(const Context& context, const std::vector<std::string>& names);

/// The exit code of an error that ended a command.
int ExitCodeOf(const Error& error, const Context& context);

/// The exit code of several tables' outcomes: 0; 2 if every one is wrong usage or config; 75 if every failure
/// may succeed later; else 1.
class ExitCode {
 public:
  void Add(const std::optional<Error>& error);
  /// A table that is not as it should be, without an error.
  void AddFault() { Add(Error{ErrorKind::kConflict, {}, {}}); }
  /// For a command that must not skip a table that another run is working on.
  void AddBusy() { Add(Error{ErrorKind::kTransient, {}, {}}); }
  int Value(const Context& context) const;

 private:
  bool failed_ = false, all_retryable_ = true, all_misused_ = true;
};

/// The commands with their arguments, as they came from the command line. NAMES empty: all tables.
struct InitCommand {
  std::vector<std::string> paths;
  std::string destination, add, catalog;
};
struct CheckCommand {
  std::vector<std::string> names;
};
struct PlanCommand {
  std::vector<std::string> names;
  std::optional<int64_t> at_version;
};
struct RunCommand {
  std::vector<std::string> names;
  std::optional<int64_t> at_version;
  std::string wait;  ///< a duration, or ""
  bool reseed = false, yes = false;
};
struct BackfillCommand {
  std::string name, from, to;
  std::string chunk;  ///< or ""
  std::optional<int64_t> at_version;
  bool again = false;
};
struct VerifyCommand {
  std::vector<std::string> names;
  std::string since;  ///< a time or a version, or ""
};
struct StatusCommand {
  std::vector<std::string> names;
};
struct ListCommand {
  std::string name;  ///< "": everything at the destination
  bool recursive = false, human_readable = false, summarize = false;
};
struct PruneCommand {
  std::vector<std::string> names;
  bool dry_run = false, replaced_now = false;
};
struct OnboardCommand {
  std::vector<std::string> names;
  std::string format, only;  ///< or ""
  std::string account, runner, databricks_role, databricks_external_id, catalog, schema;
  bool apply = false;
};
struct HandoverCommand {
  std::string format;      ///< or "": as the name of `out` ends, else Markdown
  std::string out, since;  ///< files, or ""
};
struct StateShowCommand {
  std::vector<std::string> names;
};
struct StateSetCommand {
  std::string name, value;
  bool skip = false, yes = false;
};
struct StateSkipCommand {
  std::string name, from, to;
};
struct StateForgetCommand {
  std::string name;
  bool yes = false;
};
struct StateVoidCommand {
  std::string name;
};
struct StateRepublishCommand {
  std::string name;
};
using Command =
    std::variant<InitCommand, CheckCommand, PlanCommand, RunCommand, BackfillCommand, VerifyCommand,
                 StatusCommand, ListCommand, PruneCommand, OnboardCommand, HandoverCommand,
                 StateShowCommand, StateSetCommand, StateSkipCommand, StateForgetCommand,
                 StateVoidCommand, StateRepublishCommand>;

/// Each command prints its answer and returns its exit code.
int Execute(const Context& context, const InitCommand& command);
int Execute(const Context& context, const CheckCommand& command);
int Execute(const Context& context, const PlanCommand& command);
int Execute(const Context& context, const RunCommand& command);
int Execute(const Context& context, const BackfillCommand& command);
int Execute(const Context& context, const VerifyCommand& command);
int Execute(const Context& context, const StatusCommand& command);
int Execute(const Context& context, const ListCommand& command);
int Execute(const Context& context, const PruneCommand& command);
int Execute(const Context& context, const OnboardCommand& command);
int Execute(const Context& context, const HandoverCommand& command);
int Execute(const Context& context, const StateShowCommand& command);
int Execute(const Context& context, const StateSetCommand& command);
int Execute(const Context& context, const StateSkipCommand& command);
int Execute(const Context& context, const StateForgetCommand& command);
int Execute(const Context& context, const StateVoidCommand& command);
int Execute(const Context& context, const StateRepublishCommand& command);

}  // namespace sluice::cli
