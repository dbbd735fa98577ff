#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::cli {

/// A config file that `init` writes. It is written completely or not at all, and nothing is left beside it.
struct ConfigFile {
  std::string path;    ///< absolute, symbolic links resolved
  std::string folder;  ///< the folder it is in
  bool exists = false;
};

/// kConfig where the path cannot be resolved.
Result<ConfigFile> FindConfigFile(const std::string& path);

/// kStorage or kPermission where it cannot be read.
Result<std::string> ReadText(const ConfigFile& file);

/// Writes a new file, or replaces one that exists and keeps its permissions. kAlreadyExists where a new file
/// was created by someone else in the meantime.
Status WriteText(const ConfigFile& file, std::string_view text);

}  // namespace sluice::cli
