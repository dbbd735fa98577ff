#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/catalog/catalog.h"
#include "sluice/net/http_client.h"
#include "sluice/runtime/clock.h"
#include "sluice/runtime/entropy.h"
#include "sluice/runtime/retry.h"

namespace sluice::catalog {

/// How a catalog is reached. The *_env members are names of environment variables. Holds no secret.
struct CatalogOptions {
  std::string url;  ///< "https://host"; "": the host that the profile or DATABRICKS_HOST names
  std::optional<std::string> profile;  ///< of ~/.databrickscfg
  std::optional<std::string> token_env;
  std::optional<std::string> client_id_env, client_secret_env;
  runtime::RetryPolicy retry;
  /// Names that are going to be asked for: where many lie in one schema, a listing finds them with few requests.
  std::vector<TableName> expected;
};

/// Nothing is asked of the server yet. kConfig where a profile or variable that `options` name does not exist.
Result<std::shared_ptr<Catalog>> OpenUnityCatalog(CatalogOptions options,
                                                  std::shared_ptr<const net::HttpClient> http,
                                                  std::shared_ptr<runtime::Clock> clock,
                                                  std::shared_ptr<runtime::Entropy> entropy);

}  // namespace sluice::catalog
