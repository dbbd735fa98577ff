#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/cli/command.h"
#include "sluice/cli/config_text.h"

namespace sluice::cli {

/// A table of a catalog that no entry of a config can export.
struct LeftOut {
  std::string table, why;
};

struct CatalogSearch {
  std::vector<TableEntry> entries;  ///< without paths: the catalog finds them
  std::vector<LeftOut> left_out;
};

/// The tables of `wanted`, "CATALOG" or "CATALOG.SCHEMA", as `init --catalog` suggests them: who asks, and where, say
/// DATABRICKS_HOST and its kin or a profile of ~/.databrickscfg. kUsage for a name of other parts; else as
/// catalog::Catalog::ListTables. A table that cannot be read is among those left out.
Result<CatalogSearch> SearchCatalog(const Context& context, const std::string& wanted);

/// What the environment says of the catalog, for the config: never a secret.
CatalogSettings CatalogOfEnvironment();

}  // namespace sluice::cli
