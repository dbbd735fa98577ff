#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/config/config.h"
#include "sluice/config/mistake.h"

namespace sluice::config {

/// Looks up an environment variable; nullopt when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
Environment ProcessEnvironment();

/// Parses the text of a sluice.yaml. Finds all mistakes at once: the error (kConfig) lists every one
/// by FormatMistakes. `file` is its absolute path, used for messages and relative paths.
Result<Config> ParseConfig(std::string_view text, std::string_view file, const Environment& env);

/// Reads and parses `file`; kConfig also when it can't be read.
Result<Config> LoadConfig(const std::string& file, const Environment& env);

/// The tables that NAME arguments mean: a name, a full table or a glob ('*', '?', '[..]'), without
/// case. No patterns: all tables, in the file's order. kUsage names the nearest when one matches none.
Result<std::vector<const Table*>> SelectTables(const Config& config,
                                               const std::vector<std::string>& patterns);

}  // namespace sluice::config
