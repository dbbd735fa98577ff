#pragma once

#include <cstdint>
#include <optional>

#include "sluice/delta/schema/schema.h"

namespace sluice::columnar {
struct ParquetFile;
}

namespace sluice::delta {

/// Min and max of a column in one row group's footer, int64-valued types only.
struct RowGroupBounds {
  std::optional<int64_t> min, max;  ///< days or micros in the Delta type's terms
  std::optional<int64_t> null_count;
};

/// The footer's bounds of the column that is the root's `column`-th field, in terms of the Delta type
/// `type` and of the proleptic calendar. Empty where the footer has none, where the column is nested, and where its Parquet type does
/// not compare as `type` does. May throw what Parquet throws.
RowGroupBounds ReadRowGroupBounds(const columnar::ParquetFile& file, int row_group, int column,
                                  const DataType& type);

}  // namespace sluice::delta
