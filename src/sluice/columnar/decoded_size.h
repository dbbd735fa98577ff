#pragma once

#include <vector>

#include "sluice/columnar/batch_limit.h"
#include "sluice/columnar/parquet_file.h"

namespace sluice::columnar {

/// Bytes in memory of one decoded row.
struct DecodedSize {
  double mean = 0;  ///< over the row group; a guess where neither footer nor dictionary says
  double most =
      0;  ///< of texts from a dictionary: with its longest entry in every place; 0: unknown
  bool is_guess = false;  ///< texts that share their beginnings may decode to much more than `mean`
};

/// What rows of the leaves `leaves` decode to, from the footer, and from the dictionaries of texts
/// where the footer does not say and where a row group may be larger than a batch should be. May throw what
/// Parquet throws.
DecodedSize EstimateDecodedSize(const ParquetFile& file, int row_group,
                                const std::vector<int>& leaves, const BatchLimit& limit);

}  // namespace sluice::columnar
