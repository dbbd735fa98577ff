#pragma once

#include <arrow/type_fwd.h>

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/base/types.h"

namespace sluice::columnar {

/// 128-bit hash of one row by value: the same whatever file layout, encoding, unit or chunking the
/// row came from. All NaNs are one value, -0.0 is 0.0, a timestamp is its microseconds whether it was
/// INT96 or INT64, a decimal its unscaled value at its scale, null differs from every value, nested
/// values hash their structure (map entries in order). Column names do not matter, their order does.
struct RowHash {
  uint64_t high = 0, low = 0;
  auto operator<=>(const RowHash&) const = default;
};

/// One hash a row of `batch`.
Result<std::vector<RowHash>> HashRows(const arrow::RecordBatch& batch);
/// The order-independent sum of the rows' hashes.
Result<RowHashSum> SumRowHashes(const arrow::RecordBatch& batch);
/// "xxh3-128-sum:<32 hex>", as in manifests, and back.
std::string ToString(const RowHashSum& sum);
Result<RowHashSum> ParseRowHashSum(std::string_view text);

}  // namespace sluice::columnar
