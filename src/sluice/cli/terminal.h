#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Text that fits the terminal it goes to. Pure, but for the two functions that ask how wide that is.
namespace sluice::cli {

/// Columns of the terminal that stdout or stderr is; 0 where it is not a terminal: nothing is cut or wrapped.
size_t OutputColumns();
size_t ErrorColumns();

/// Columns that `text` takes up: code points without colour codes.
size_t Width(std::string_view text);

/// Breaks lines longer than `columns` between words; what follows is indented `deeper` columns more than its
/// line. A longer word stays whole. 0 columns: returns `text` as it is.
std::string Wrap(std::string_view text, size_t columns, size_t deeper = 4);

/// `text` with its middle replaced by an ellipsis where it is longer than `columns`.
std::string Elide(std::string_view text, size_t columns);

/// Rows of cells in aligned columns; the first row is the heading. Columns named in `right` are aligned to the
/// right. Where a row is longer than `columns` (not 0), the cells of the first column are elided, to eight
/// columns at least.
std::string AlignTable(std::vector<std::vector<std::string>> rows, const std::vector<size_t>& right,
                       size_t columns);

}  // namespace sluice::cli
