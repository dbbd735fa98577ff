#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/exporter/services.h"
#include "sluice/runtime/cancellation.h"

namespace sluice::cli {

/// Exit codes of the contract.
inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitTryAgain = 75;

/// What every command knows: the global flags, and how to stop.
struct Context {
  std::string config_file = "sluice.yaml";
  bool json = false;
  bool verbose = false, quiet = false;
  std::optional<Timestamp> now;
  runtime::CancelToken cancel;
};

/// A loaded config with the services for it.
struct Loaded {
  std::shared_ptr<const config::Config> config;
  exporter::Services services;
};
Result<Loaded> Load(const Context& context);

/// Loads the config and selects the tables that `names` mean (none: all).
struct Selection {
  Loaded loaded;
  std::vector<const config::Table*> tables;
};
Result<Selection> LoadAndSelect(const Context& context, const std::vector<std::string>& names);

/// The exit code of an error that ended a command.
int ExitCodeOf(const Error& error, const Context& context);

/// Prints an error (stderr, or as the one JSON document) and returns its exit code.
int Report(const Error& error, const Context& context);

/// The exit code of several tables' outcomes: 0, 1, or 75 if every failure may cure itself.
class ExitCode {
 public:
  void Add(const std::optional<Error>& error);
  int Value(const Context& context) const;

 private:
  bool failed_ = false, all_retryable_ = true;
};

/// The options of `run`, `plan` and `backfill`, as they came from the command line.
struct RunArguments {
  std::vector<std::string> names;
  std::optional<int64_t> at_version;
  std::string wait, from, to, chunk;
  bool reseed = false, again = false;
};
struct InitArguments {
  std::vector<std::string> paths;
  std::string destination, add;
};
struct ListArguments {
  std::string name;
  bool recursive = false, human_readable = false, summarize = false;
};
struct StateArguments {
  std::string name, value;
};

int RunInit(const Context& context, const InitArguments& arguments);
int RunCheck(const Context& context, const std::vector<std::string>& names);
int RunPlan(const Context& context, const RunArguments& arguments);
int RunRun(const Context& context, const RunArguments& arguments);
int RunBackfill(const Context& context, const RunArguments& arguments);
int RunStatus(const Context& context, const std::vector<std::string>& names);
int RunLs(const Context& context, const ListArguments& arguments);
int RunStateShow(const Context& context, const std::vector<std::string>& names);
int RunStateSet(const Context& context, const StateArguments& arguments);
int RunStateForget(const Context& context, const StateArguments& arguments);
int RunStateVoid(const Context& context, const StateArguments& arguments);

}  // namespace sluice::cli
