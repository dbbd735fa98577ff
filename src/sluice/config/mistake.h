#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// One mistake in a config file. `line` and `column` are 1-based; 0 where a thing is missing from
/// the whole file.
struct Mistake {
  int line = 0, column = 0;
  std::string message;  ///< e.g. "unknown key 'watermarc'; did you mean 'watermark'?"
};

/// In the order of the file, without repetitions.
std::vector<Mistake> Sorted(std::vector<Mistake> mistakes);

/// "sluice.yaml:12:5: unknown key ..." one a line.
std::string FormatMistakes(std::string_view file, const std::vector<Mistake>& mistakes);

}  // namespace sluice::config
