#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/handover/notice.h"

/// A notice in words, before it becomes Markdown or HTML. Pure.
namespace sluice::handover {

/// Text in which what stands between the two signs is code: a name, a path, a type.
inline constexpr char kCodeBegins = '\x01', kCodeEnds = '\x02';
std::string Code(std::string_view text);
/// Without the two signs: for names in other text.
std::string Plain(std::string_view text);

struct Block {
  enum class Kind { kHeading, kText, kList, kTable };
  Kind kind = Kind::kText;
  int level = 0;                               ///< kHeading: 1 to 3
  std::string text;                            ///< kHeading, kText; kTable: its caption
  std::vector<std::string> items;              ///< kList
  std::vector<std::vector<std::string>> rows;  ///< kTable: the first is the heading
};

std::vector<Block> MakePage(const Notice& notice);

std::string ToMarkdown(const std::vector<Block>& page);
/// One document without links to anything outside of it, for light and dark screens and for readers' voices.
std::string ToHtml(const std::vector<Block>& page, std::string_view title);

}  // namespace sluice::handover
