#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::delta {

/// `rows` as a data file holds them: everything but the keys of maps may be null there, as in Spark's files, because
/// a NULL of a struct has no value for a field that may not be null. In a table with mapped columns the first
/// columns are `mapped`, and they and the fields of their structs get their physical names and ids; those after
/// them keep their names. No value is copied.
/// kUnsupported where a column has no id.
Result<std::shared_ptr<arrow::Table>> AsStored(const arrow::Table& rows,
                                               const std::vector<Field>& mapped);

}  // namespace sluice::delta
