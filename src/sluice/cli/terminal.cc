#include "sluice/cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace sluice::cli {
namespace {

size_t ColumnsOf(int descriptor) {
  constexpr size_t kUsual = 80;
  if (isatty(descriptor) == 0) return 0;
  winsize size{};
  const bool known = ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : kUsual;
}

bool BeginsCodePoint(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::string WrapLine(std::string_view line, size_t columns, size_t deeper) {
  if (Width(line) <= columns) return std::string(line);
  const size_t first = std::min(line.find_first_not_of(' '), line.size());
  const std::string indent(first + deeper, ' ');
  std::string text(line.substr(0, first));
  size_t used = first;
  bool at_start = true;
  for (size_t at = first; at < line.size();) {
    const size_t end = std::min(line.find(' ', at), line.size());
    const size_t next = std::min(line.find_first_not_of(' ', end), line.size());
    const std::string_view word = line.substr(at, end - at);
    const size_t blanks = at_start ? 0 : at - (line.find_last_not_of(' ', at - 1) + 1);
    if (!at_start && used + blanks + Width(word) > columns) {
      text += '\n' + indent;
      used = indent.size();
    } else {
      text.append(blanks, ' ');
      used += blanks;
    }
    text += word;
    used += Width(word);
    at_start = false;
    at = next;
  }
  return text;
}

}  // namespace

size_t OutputColumns() { return ColumnsOf(STDOUT_FILENO); }
size_t ErrorColumns() { return ColumnsOf(STDERR_FILENO); }

size_t Width(std::string_view text) {
  size_t width = 0;
  bool escape = false;
  for (const char c : text) {
    if (c == '\x1b') escape = true;
    if (!escape && BeginsCodePoint(c)) ++width;
    if (escape && c == 'm') escape = false;
  }
  return width;
}

std::string Wrap(std::string_view text, size_t columns, size_t deeper) {
  if (columns == 0) return std::string(text);
  std::string wrapped;
  while (true) {
    const size_t end = text.find('\n');
    wrapped += WrapLine(text.substr(0, end), columns, deeper);
    if (end == std::string_view::npos) return wrapped;
    wrapped += '\n';
    text.remove_prefix(end + 1);
  }
}

std::string Elide(std::string_view text, size_t columns) {
  if (Width(text) <= columns || columns < 2) return std::string(text);
  std::vector<std::string_view> points;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && !BeginsCodePoint(text[end])) ++end;
    points.push_back(text.substr(at, end - at));
    at = end;
  }
  const size_t tail = (columns - 1) / 2, head = columns - 1 - tail;
  std::string elided;
  for (size_t i = 0; i < head; ++i) elided += points[i];
  elided += "…";
  for (size_t i = points.size() - tail; i < points.size(); ++i) elided += points[i];
  return elided;
}

std::string AlignTable(std::vector<std::vector<std::string>> rows, const std::vector<size_t>& right,
                       size_t columns) {
  constexpr size_t kGap = 2, kLeast = 8;
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], Width(row[c]));
  }
  if (widths.empty()) return "";
  size_t total = kGap * (widths.size() - 1);
  for (const size_t width : widths) total += width;
  if (columns > 0 && total > columns) {
    const size_t excess = total - columns;
    widths[0] = std::max(std::min(kLeast, widths[0]), widths[0] - std::min(excess, widths[0]));
    for (auto& row : rows) row[0] = Elide(row[0], widths[0]);
  }
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    std::string line;
    for (size_t c = 0; c < rows[r].size(); ++c) {
      const std::string pad(widths[c] - std::min(widths[c], Width(rows[r][c])), ' ');
      const bool to_right = std::find(right.begin(), right.end(), c) != right.end();
      if (c > 0) line.append(kGap, ' ');
      line += to_right ? pad + rows[r][c] : rows[r][c] + pad;
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    text += line;
    if (r + 1 < rows.size()) text += '\n';
  }
  return text;
}

}  // namespace sluice::cli
