#pragma once

#include <arrow/type_fwd.h>

#include <memory>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

/// CHAR(n), which Delta stores as a string with a note in the field's metadata: files may hold its
/// values without their trailing blanks, and Spark adds them when it reads.
namespace sluice::delta {

/// n of a CHAR(n) column; 0 for any other type, VARCHAR(n) included.
int64_t CharLength(const Field& field);

/// `strings` (utf8), each filled up with blanks to `length` characters; longer ones and nulls as they
/// are.
Result<std::shared_ptr<arrow::Array>> PadChars(const std::shared_ptr<arrow::Array>& strings,
                                               int64_t length);

}  // namespace sluice::delta
