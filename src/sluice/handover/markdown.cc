#include <algorithm>

#include "sluice/handover/page.h"

namespace sluice::handover {
namespace {

constexpr std::string_view kSigns = "\\`*_{}[]<>#|!~";

/// Between as many backticks as the text does not hold in a row.
std::string CodeSpan(std::string_view text) {
  size_t longest = 0, run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  const std::string ticks(longest + 1, '`');
  const char* space = longest > 0 ? " " : "";
  return ticks + space + std::string(text) + space + ticks;
}

/// In a table's cell a '|' ends the cell, even in code.
std::string Inline(std::string_view text, bool in_cell) {
  std::string markdown;
  while (!text.empty()) {
    if (text.front() == kCodeBegins) {
      const size_t end = std::min(text.find(kCodeEnds), text.size());
      std::string code = CodeSpan(text.substr(1, end - 1));
      for (size_t at = code.find('|'); in_cell && at != std::string::npos;
           at = code.find('|', at + 2)) {
        code.insert(at, 1, '\\');
      }
      markdown += code;
      text.remove_prefix(std::min(text.size(), end + 1));
      continue;
    }
    const char c = text.front();
    if (kSigns.find(c) != std::string_view::npos) markdown += '\\';
    markdown += c == '\n' ? ' ' : c;
    text.remove_prefix(1);
  }
  return markdown;
}

std::string Row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const auto& cell : cells) line += " " + Inline(cell, true) + " |";
  return line + "\n";
}

}  // namespace

std::string ToMarkdown(const std::vector<Block>& page) {
  std::string text;
  for (const auto& block : page) {
    if (!text.empty()) text += "\n";
    switch (block.kind) {
      case Block::Kind::kHeading:
        text += std::string(static_cast<size_t>(block.level), '#') + " " +
                Inline(block.text, false) + "\n";
        break;
      case Block::Kind::kText:
        text += Inline(block.text, false) + "\n";
        break;
      case Block::Kind::kList:
        for (const auto& item : block.items) text += "- " + Inline(item, false) + "\n";
        break;
      case Block::Kind::kTable:
        for (size_t i = 0; i < block.rows.size(); ++i) {
          text += Row(block.rows[i]);
          if (i > 0) continue;
          text += "|";
          for (size_t cell = 0; cell < block.rows[0].size(); ++cell) text += "---|";
          text += "\n";
        }
        break;
    }
  }
  return text;
}

}  // namespace sluice::handover
