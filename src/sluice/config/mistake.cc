#include "sluice/config/mistake.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace sluice::config {

std::vector<Mistake> Sorted(std::vector<Mistake> mistakes) {
  const auto key = [](const Mistake& m) { return std::tie(m.line, m.column, m.message); };
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [&](const Mistake& a, const Mistake& b) { return key(a) < key(b); });
  mistakes.erase(std::unique(mistakes.begin(), mistakes.end(),
                             [&](const Mistake& a, const Mistake& b) { return key(a) == key(b); }),
                 mistakes.end());
  return mistakes;
}

std::string FormatMistakes(std::string_view file, const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const auto& mistake : mistakes) {
    if (!text.empty()) text += '\n';
    text += mistake.line > 0
                ? fmt::format("{}:{}:{}: {}", file, mistake.line, mistake.column, mistake.message)
                : fmt::format("{}: {}", file, mistake.message);
  }
  return text;
}

}  // namespace sluice::config
