#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/columnar/batch_limit.h"
#include "sluice/columnar/parquet_file.h"

namespace sluice::columnar {

/// Decodes the leaf columns `leaves` of a row group, batch by batch, as the plain footer describes
/// them (see ParquetFooter); INT96 comes as microseconds. Pages are read one after the other, so that a
/// huge row group is never in memory as a whole. How many rows a batch gets follows what rows decode to,
/// not what they take in the file: a dictionary makes a small file of long texts.
/// `visit` returning an error stops. Batches without rows are not visited.
Status ReadRowGroup(const ParquetFile& file, int row_group, const std::vector<int>& leaves,
                    const BatchLimit& limit,
                    const std::function<Status(const arrow::RecordBatch&)>& visit);

}  // namespace sluice::columnar
