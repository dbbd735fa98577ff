#pragma once

#include "sluice/base/result.h"
#include "sluice/catalog/catalog.h"
#include "sluice/config/config.h"
#include "sluice/delta/log/log.h"
#include "sluice/exporter/session/services.h"

/// The one way to a source: by its path, or as a catalog finds it by its name. No file of it is read yet.
namespace sluice::exporter {

/// What the catalog says of a table without a path. kConfig where the config names no catalog.
Result<catalog::CatalogTable> FindByName(const Services& services, const config::Table& table);

/// The log of a table that a catalog found, reached with the table's own credentials; with its commits, where the
/// catalog manages them. kUnsupported for a place that sluice does not read, kCorrupt for commits that cannot be.
Result<delta::Log> OpenLog(const Services& services, const catalog::CatalogTable& found);

/// The log of the table that the config names. Errors as above, and those of the catalog.
Result<delta::Log> OpenLog(const Services& services, const config::Table& table);

}  // namespace sluice::exporter
