#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/config/environment.h"
#include "sluice/config/mistake.h"

namespace sluice::config {

/// What a sluice.yaml says, and everything that is wrong with it. `config` is complete only where there are
/// no mistakes.
struct Reading {
  Config config;
  std::vector<Mistake> mistakes;  ///< in the order of the file
};

/// Reads the text of a sluice.yaml. `file` is its absolute path, used for messages and relative paths.
Reading ReadConfig(std::string_view text, std::string_view file, const Environment& env);

/// Reads `file`; kConfig where it cannot be read at all.
Result<Reading> ReadConfigFile(const std::string& file, const Environment& env);

/// As ReadConfig; mistakes are an error (kConfig) that lists them by FormatMistakes.
Result<Config> ParseConfig(std::string_view text, std::string_view file, const Environment& env);

/// The tables that NAME arguments mean: a name, a full table or a glob ('*', '?', '[..]'), without
/// case. No patterns: all tables, in the file's order. kUsage suggests the nearest name where nothing
/// matches.
Result<std::vector<const Table*>> SelectTables(const Config& config,
                                               const std::vector<std::string>& patterns);

}  // namespace sluice::config
