#pragma once

#include <map>
#include <string>

#include "sluice/base/result.h"
#include "sluice/delta/schema/schema.h"

namespace sluice::delta {

/// PROTOCOL.md, "Column Mapping": how files, statistics and partition values call the columns.
enum class ColumnMappingMode { kNone, kName, kId };

/// `configuration` is that of the table's metadata. kUnsupported for a mode that the protocol does not have.
Result<ColumnMappingMode> ColumnMappingModeOf(
    const std::map<std::string, std::string>& configuration);

/// Gives every field of `schema`, nested ones included, the physical name and the id that `mode` makes files
/// use; with kNone files call them as the table does, whatever their metadata says. kCorrupt, naming the column,
/// where the metadata lacks what the mode needs, or where two columns of one level could be meant by one name or id.
Status MapColumns(TableSchema& schema, ColumnMappingMode mode);

/// `schema` with no metadata but the physical names of mapped columns, so that a later schema can be compared with it:
/// a renamed column keeps its physical name.
TableSchema WithMappingOnly(TableSchema schema);

}  // namespace sluice::delta
