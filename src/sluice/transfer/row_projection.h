#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/read/data_file.h"
#include "sluice/delta/schema/schema.h"
#include "sluice/plan/export_task.h"

namespace sluice::transfer {

/// Which columns a scan reads, and where it finds them in its batches. Every field is read as
/// nullable, at each level, because that is how Spark writes what it read.
class RowProjection {
 public:
  /// The watermark and nothing else.
  static RowProjection OfWatermark(const plan::ExportTask& task);
  /// The output columns and the watermark.
  static RowProjection OfOutput(const plan::ExportTask& task);

  /// The position of `field` in the batches; reads it too if it was not among the columns.
  int Add(const delta::Field& field);

  const delta::Projection& columns() const { return columns_; }
  /// -1 where the task has none.
  int watermark() const { return watermark_; }
  const std::vector<int>& output() const { return output_; }

 private:
  delta::Projection columns_;
  int watermark_ = -1;
  std::vector<int> output_;
};

/// What the files of `task` hold. kUnsupported, naming the column, where Parquet can't hold a type.
Result<std::shared_ptr<arrow::Schema>> OutputSchema(const plan::ExportTask& task);

}  // namespace sluice::transfer
