#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// One mistake in a config file. `line` and `column` are 1-based; 0 for what the whole file
/// lacks.
struct Mistake {
  int line = 0, column = 0;
  std::string message;  ///< e.g. "unknown key 'watermarc'; did you mean 'watermark'?"
  std::string key;      ///< the key it is about; "" for the file as a whole
};

/// In the order of the file, without repetitions.
std::vector<Mistake> Sorted(std::vector<Mistake> mistakes);

/// "sluice.yaml:12:5: unknown key ..." one a line.
std::string FormatMistakes(std::string_view file, const std::vector<Mistake>& mistakes);

}  // namespace sluice::config
