#include "sluice/exporter/session/source_log.h"

#include <memory>
#include <utility>

#include "sluice/delta/log/ratified_log.h"
#include "sluice/exporter/session/catalog_tables.h"

namespace sluice::exporter {

Result<catalog::CatalogTable> FindByName(const Services& services, const config::Table& table) {
  if (!services.by_name) {
    return Fail(Error{ErrorKind::kConfig, "the table has no path, and the config names no catalog",
                      "give the table's `path`, or a `catalog` that knows it"});
  }
  return services.by_name->Find(table, services.cancel);
}

Result<delta::Log> OpenLog(const Services& services, const catalog::CatalogTable& found) {
  SLUICE_ASSIGN_OR_RETURN(const store::Location at, LocationOf(found));
  SLUICE_ASSIGN_OR_RETURN(auto source, services.open_table(at, found, services.cancel));
  if (!found.commits) return delta::Log(std::move(source), delta::CommitAuthority::kLogByName);
  SLUICE_RETURN_IF_ERROR(delta::RequireSound(*found.commits, source->DisplayName("")));
  return delta::Log(std::move(source), *found.commits);
}

Result<delta::Log> OpenLog(const Services& services, const config::Table& table) {
  if (!table.path) {
    SLUICE_ASSIGN_OR_RETURN(const auto found, FindByName(services, table));
    return OpenLog(services, found);
  }
  SLUICE_ASSIGN_OR_RETURN(const store::Location at,
                          store::ParseLocation(*table.path, services.config->folder));
  SLUICE_ASSIGN_OR_RETURN(auto source,
                          services.open_store(at, StoreRole::kSource, services.cancel));
  return delta::Log(std::move(source));
}

}  // namespace sluice::exporter
