#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::delta {

/// PROTOCOL.md, "Type Widening": kUnsupported, naming column and types, where a field's metadata records a change
/// of its type that the protocol does not have, so that files with the older type cannot be read. kCorrupt where
/// the record cannot be parsed.
Status CheckTypeChanges(const TableSchema& schema);

}  // namespace sluice::delta
