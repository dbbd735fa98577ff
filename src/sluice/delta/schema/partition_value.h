#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/base/time_zone.h"
#include "sluice/delta/schema/schema.h"

namespace arrow {
struct Scalar;
}

namespace sluice::delta {

/// Column name -> serialized value, as in the log; nullopt is null.
using PartitionValues = std::map<std::string, std::optional<std::string>>;

/// The typed value of a partition column, as Spark reads it: the text is cast to the column's type with ANSI
/// mode off, so that text of no such value is null, like an absent one. A TIMESTAMP without an offset is read
/// in `zone`. kUnsupported, naming the text, where Spark reads a value that this program does not.
Result<std::shared_ptr<arrow::Scalar>> ParsePartitionValue(const std::optional<std::string>& text,
                                                           const DataType& type,
                                                           const TimeZone& zone);

}  // namespace sluice::delta
