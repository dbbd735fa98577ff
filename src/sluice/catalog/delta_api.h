#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/mutex.h"
#include "sluice/catalog/catalog.h"
#include "sluice/catalog/catalog_client.h"
#include "sluice/catalog/table_description.h"
#include "sluice/delta/log/staged_commits.h"
#include "sluice/runtime/renewal.h"

namespace sluice::catalog {

/// The newer API (unitycatalog api/delta.yaml): one answer holds a table and its commits. A server tells once per
/// catalog which calls it has; what it does not have is left to the older API: nullopt. Thread-safe.
class DeltaApi {
 public:
  explicit DeltaApi(std::shared_ptr<const CatalogClient> client);

  struct Table {
    TableDescription description;
    std::optional<delta::StagedCommits> commits;  ///< set where the catalog manages them
  };
  Result<std::optional<Table>> FindTable(const TableName& name, const runtime::CancelToken& cancel);

  /// Credentials for reading, as the server answers: see vended_credentials.
  Result<std::optional<Json>> TableCredentials(const TableName& name,
                                               const runtime::CancelToken& cancel);

  /// For what lies below `location`. It is not known which catalog that is in, so the list of calls is not asked for.
  Result<Json> PathCredentials(const std::string& location, PathAccess access,
                               const runtime::CancelToken& cancel) const;

 private:
  /// Which calls the server has for a catalog.
  struct Routes {
    bool table = false;
    bool credentials = false;
  };
  using SharedRoutes = std::shared_ptr<runtime::Renewal<Routes>>;

  Result<Routes> RoutesOf(const std::string& catalog, const runtime::CancelToken& cancel);
  Result<Routes> AskForRoutes(const std::string& catalog, const runtime::CancelToken& cancel) const;
  /// nullopt where the older API has to answer.
  Result<std::optional<Json>> Ask(const std::string& path, const TableName& name,
                                  const runtime::CancelToken& cancel) const;

  const std::shared_ptr<const CatalogClient> client_;
  Mutex mutex_;
  std::map<std::string, SharedRoutes> routes_ SLUICE_GUARDED_BY(mutex_);  ///< by catalog
};

}  // namespace sluice::catalog
