#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

/// The candidate closest to `word` by edit distance without case, if one is close enough to be what
/// was meant (at most a third of its letters differ).
std::optional<std::string> Nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace sluice::config
