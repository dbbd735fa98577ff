#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/delta/log/actions.h"

/// What a table asks of those who write to it.
namespace sluice::delta {

/// kUnsupported naming everything that a table demands of a writer that updates rows and that this program lacks
/// (PROTOCOL.md, "Writer Version Requirements", "Table Features"), e.g. CHECK constraints, generated columns,
/// Iceberg compatibility. A feature that is listed and not in use does no harm, unless the protocol says
/// otherwise. Reader features are CheckReadable's.
Status CheckWritable(const Protocol& protocol, const Metadata& metadata,
                     const std::map<std::string, DomainMetadata>& domains, std::string_view table);

}  // namespace sluice::delta
