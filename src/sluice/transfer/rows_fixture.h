#pragma once

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "sluice/base/types.h"

/// Batches of one column `id`, and the instants that go with their rows.
namespace sluice::transfer {

inline std::shared_ptr<arrow::Schema> IdSchema() {
  return arrow::schema({arrow::field("id", arrow::int64())});
}

/// Rows `first`, `first` + 1, ...
inline std::shared_ptr<arrow::RecordBatch> IdBatch(int64_t first, int64_t count) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < count; ++i) EXPECT_TRUE(builder.Append(first + i).ok());
  return arrow::RecordBatch::Make(IdSchema(), count, {builder.Finish().ValueOrDie()});
}

inline std::vector<int64_t> IdsIn(const arrow::Array& column, int64_t offset, int64_t length) {
  const auto& ids = static_cast<const arrow::Int64Array&>(column);
  std::vector<int64_t> found;
  for (int64_t row = offset; row < offset + length; ++row) found.push_back(ids.Value(row));
  return found;
}

inline std::shared_ptr<arrow::TimestampArray> Instants(
    const std::vector<std::optional<Timestamp>>& instants) {
  arrow::TimestampBuilder builder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                  arrow::default_memory_pool());
  for (const auto& instant : instants) {
    EXPECT_TRUE((instant ? builder.Append(instant->micros) : builder.AppendNull()).ok());
  }
  return std::static_pointer_cast<arrow::TimestampArray>(builder.Finish().ValueOrDie());
}

}  // namespace sluice::transfer
