#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

namespace arrow {
struct Scalar;
}

namespace sluice::delta {

/// PROTOCOL.md, "Partition Value Serialization": the typed value of a partition column. nullopt and ""
/// are null (an empty string can't be told from null, except that Spark, too, reads it as null).
/// Timestamps without an offset are UTC in the log. kCorrupt if the text is no value of that type.
Result<std::shared_ptr<arrow::Scalar>> ParsePartitionValue(const std::optional<std::string>& text,
                                                           const DataType& type);

}  // namespace sluice::delta
