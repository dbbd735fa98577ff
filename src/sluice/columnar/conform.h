#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::columnar {

/// Gives `array` the type `wanted` without changing any value: struct fields are matched by name
/// without case (exact spelling first), put into the wanted order, filled with null where the file is
/// older than the field, dropped where not wanted; lists and maps by their parts;
/// large and fixed-size lists, binary <-> string in any layout, timestamp units and zones, integer
/// widths and decimals only where no value can be lost. kUnsupported naming both types and `column`
/// where that is impossible.
Result<std::shared_ptr<arrow::Array>> Conform(const std::shared_ptr<arrow::Array>& array,
                                              const std::shared_ptr<arrow::DataType>& wanted,
                                              std::string_view column);

}  // namespace sluice::columnar
