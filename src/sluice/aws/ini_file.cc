#include "sluice/aws/ini_file.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace sluice::aws {

std::string_view TrimBlanks(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::map<std::string, IniSection> ParseIni(std::string_view text, const SectionOfTitle& section_of,
                                           std::string_view separators) {
  std::map<std::string, IniSection> sections;
  IniSection* current = nullptr;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view trimmed = TrimBlanks(line);
    if (trimmed.empty() || trimmed.front() == '#' || trimmed.front() == ';') continue;
    if (trimmed.front() == '[') {
      const auto name = section_of(trimmed);
      current = name ? &sections[*name] : nullptr;
      continue;
    }
    const size_t split = trimmed.find_first_of(separators);
    const bool is_nested = line.front() == ' ' || line.front() == '\t';
    if (current == nullptr || is_nested || split == std::string_view::npos) continue;
    std::string name(TrimBlanks(trimmed.substr(0, split)));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    (*current)[std::move(name)] = std::string(TrimBlanks(trimmed.substr(split + 1)));
  }
  return sections;
}

}  // namespace sluice::aws
