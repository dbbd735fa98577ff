#pragma once

#include <parquet/metadata.h>

#include "sluice/delta/data_file.h"

namespace sluice::delta {

/// The footer's bounds of the column that is the root's `column`-th field, in terms of the Delta type
/// `type`. Empty where the footer has none, where the column is nested, and where its Parquet type does
/// not compare as `type` does. May throw what Parquet throws.
RowGroupBounds ReadRowGroupBounds(const parquet::FileMetaData& metadata, int row_group, int column,
                                  const DataType& type);

}  // namespace sluice::delta
