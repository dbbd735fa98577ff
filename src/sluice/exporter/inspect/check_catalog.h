#pragma once

#include "sluice/exporter/inspect/findings.h"
#include "sluice/exporter/session/session.h"

namespace sluice::exporter {

/// The way to a table by its name, one step a line: sign-in, catalog, schema, table, grants, credentials. Of a table
/// with a path, whether the catalog knows it by that name in another place. False where the table cannot be reached, so
/// that nothing more can be said of it.
Result<bool> CheckCatalog(Session& session, Findings& findings);

}  // namespace sluice::exporter
