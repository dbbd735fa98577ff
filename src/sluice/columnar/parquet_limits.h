#pragma once

#include <cstdint>

/// What no honest Parquet file comes near. A file that was made to exhaust memory or time is refused by one of these.
namespace sluice::columnar {

/// Of a footer. 10,000 columns in 50 row groups take about this.
inline constexpr int64_t kMostFooterBytes = int64_t{128} << 20;
/// Of columns within columns.
inline constexpr int kMostColumnDepth = 64;
/// Columns and parts of columns, and what a footer says of each column of each row group at least.
inline constexpr size_t kMostColumns = 200'000;
inline constexpr uint64_t kLeastChunkBytes = 16;
/// Rows for each byte of a file. Writers begin a page or a row group long before one byte stands for so many.
inline constexpr int64_t kMostRowsPerByte = 100'000;
/// What one batch of rows and the pages that it comes from may take decoded: this, and so much for each byte of the
/// file. A page of one value repeated takes about a thousandth of what it decodes to.
inline constexpr int64_t kMostBatchBytes = int64_t{1} << 30;
inline constexpr int64_t kMostBatchBytesPerByte = 256;

}  // namespace sluice::columnar
