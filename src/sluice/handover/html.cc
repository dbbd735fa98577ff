#include <fmt/format.h>

#include <algorithm>

#include "sluice/handover/page.h"

namespace sluice::handover {
namespace {

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --text: #1b1f24; --ground: #ffffff; --line: #c8ced6; --code: #f0f2f5; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6e9ed; --ground: #14171b; --line: #444c56; --code: #23282f; }
}
body { margin: 0 auto; padding: 1.5rem; max-width: 72rem; color: var(--text); background: var(--ground);
  font: 1rem/1.5 system-ui, sans-serif; }
h1, h2, h3 { line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin-top: 2.5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
code { background: var(--code); border-radius: 3px; padding: 0.1em 0.3em; font-size: 0.9em; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; }
.scroll:focus-visible { outline: 2px solid currentColor; }
table { border-collapse: collapse; min-width: 40rem; }
caption { text-align: left; font-weight: 600; padding: 0.5rem 0; }
th, td { border: 1px solid var(--line); padding: 0.35rem 0.6rem; text-align: left; vertical-align: top; }
@media print { .scroll { overflow: visible; } }
)";

std::string Escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case kCodeBegins:
        html += "<code>";
        break;
      case kCodeEnds:
        html += "</code>";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string Table(const Block& block) {
  std::string html = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n<table>\n"
      "<caption>{0}</caption>\n",
      Escaped(block.text));
  for (size_t i = 0; i < block.rows.size(); ++i) {
    if (i == 0) html += "<thead>\n";
    html += "<tr>";
    for (size_t cell = 0; cell < block.rows[i].size(); ++cell) {
      const std::string text = Escaped(block.rows[i][cell]);
      html += i == 0      ? fmt::format("<th scope=\"col\">{}</th>", text)
              : cell == 0 ? fmt::format("<th scope=\"row\">{}</th>", text)
                          : fmt::format("<td>{}</td>", text);
    }
    html += "</tr>\n";
    if (i == 0) html += "</thead>\n<tbody>\n";
  }
  return html + "</tbody>\n</table>\n</div>\n";
}

}  // namespace

std::string ToHtml(const std::vector<Block>& page, std::string_view title) {
  std::string html = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n",
      Escaped(title), kStyle);
  for (const auto& block : page) {
    switch (block.kind) {
      case Block::Kind::kHeading:
        html += fmt::format("<h{0}>{1}</h{0}>\n", block.level, Escaped(block.text));
        break;
      case Block::Kind::kText:
        html += fmt::format("<p>{}</p>\n", Escaped(block.text));
        break;
      case Block::Kind::kList:
        html += "<ul>\n";
        for (const auto& item : block.items) html += fmt::format("<li>{}</li>\n", Escaped(item));
        html += "</ul>\n";
        break;
      case Block::Kind::kTable:
        html += Table(block);
        break;
    }
  }
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace sluice::handover
