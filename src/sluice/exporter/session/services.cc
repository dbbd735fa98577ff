#include "sluice/exporter/session/services.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "sluice/catalog/open_catalog.h"
#include "sluice/exporter/session/place_credentials.h"
#include "sluice/exporter/session/store_options.h"
#include "sluice/net/http_client.h"
#include "sluice/store/forwarding_store.h"
#include "sluice/stores/reaching_store.h"
#include "sluice/stores/store_registry.h"

namespace sluice::exporter {
namespace {

using store::Location;
using store::ObjectStore;

/// Credentials that cannot be had.
class NoCredentials : public aws::CredentialsSource {
 public:
  explicit NoCredentials(Error error) : error_(std::move(error)) {}
  Result<aws::Credentials> Get(std::string_view, const runtime::CancelToken&) override {
    return Fail(error_);
  }

 private:
  const Error error_;
};

/// A catalog that could not be opened: every answer is why.
class UnopenedCatalog : public catalog::Catalog {
 public:
  explicit UnopenedCatalog(Error error) : error_(std::move(error)) {}
  Result<catalog::CatalogTable> FindTable(const catalog::TableName&,
                                          const runtime::CancelToken&) override {
    return Fail(error_);
  }
  std::shared_ptr<aws::CredentialsSource> ReadCredentials(const catalog::CatalogTable&) override {
    return std::make_shared<NoCredentials>(error_);
  }
  std::shared_ptr<aws::CredentialsSource> PathCredentials(const std::string&,
                                                          catalog::PathAccess) override {
    return std::make_shared<NoCredentials>(error_);
  }
  Result<std::vector<catalog::ListedTable>> ListTables(const std::string&, const std::string&,
                                                       const runtime::CancelToken&) override {
    return Fail(error_);
  }
  std::vector<catalog::Step> Walk(const catalog::TableName&, const runtime::CancelToken&) override {
    return {{"sign-in", Fail(error_)}};
  }

 private:
  const Error error_;
};

/// A place outside of a table that its log names files in. The table's credentials may not cover it.
class ClonedPlace : public store::ForwardingStore {
 public:
  ClonedPlace(std::shared_ptr<ObjectStore> inner, std::string table)
      : ForwardingStore(std::move(inner)), table_(std::move(table)) {}

  Result<std::unique_ptr<store::ObjectReader>> Open(const store::Key& key) const override {
    auto reader = inner_->Open(key);
    if (reader || reader.error().kind != ErrorKind::kPermission) return reader;
    return Fail(Error{
        ErrorKind::kPermission,
        fmt::format("the log of {} names a file elsewhere, as a shallow clone's does, and the "
                    "credentials that the catalog gives for the table do not cover it: {}",
                    table_, reader.error().message),
        "give the table's `path` and a `source.auth` that reads both places, or export a deep "
        "clone"});
  }

 private:
  const std::string table_;
};

std::shared_ptr<catalog::Catalog> OpenCatalog(const config::Config& config,
                                              std::shared_ptr<runtime::Clock> clock,
                                              std::shared_ptr<runtime::Entropy> entropy) {
  if (!config.catalog) return nullptr;
  const config::CatalogOptions& from = *config.catalog;
  catalog::CatalogOptions options;
  options.url = from.url;
  options.profile = from.profile;
  options.token_env = from.token_env;
  options.client_id_env = from.client_id_env;
  options.client_secret_env = from.client_secret_env;
  for (const auto& table : config.tables) {
    if (table.path) continue;
    if (const auto name = catalog::ParseTableName(table.table)) options.expected.push_back(*name);
  }
  constexpr int kConnections = 8;
  const auto http = std::make_shared<const net::HttpClient>(net::HttpOptions{},
                                                            net::MakeConnectionPool(kConnections));
  auto opened =
      catalog::OpenUnityCatalog(std::move(options), http, std::move(clock), std::move(entropy));
  if (opened) return *std::move(opened);
  return std::make_shared<UnopenedCatalog>(std::move(opened).error());
}

}  // namespace

void UseCatalog(Services& services, std::shared_ptr<catalog::Catalog> catalog) {
  services.catalog = std::move(catalog);
  services.by_name = std::make_shared<CatalogTables>(services.catalog, services.config,
                                                     services.sources, services.wall);
}

Services MakeServices(std::shared_ptr<const config::Config> config,
                      std::shared_ptr<runtime::Clock> clock, runtime::CancelToken cancel) {
  Services services;
  services.config = std::move(config);
  services.sources = std::make_shared<SourceFolders>(*services.config);
  services.clock = std::move(clock);
  services.wall = runtime::SystemClock();
  services.entropy = runtime::SystemEntropy();
  services.cancel = std::move(cancel);
  services.program = "sluice " SLUICE_VERSION;
  if (auto catalog = OpenCatalog(*services.config, services.wall, services.entropy)) {
    UseCatalog(services, std::move(catalog));
  }
  const auto registry =
      std::make_shared<stores::StoreRegistry>(RegistryLimitsFor(services.config->limits));
  const auto places = std::make_shared<PlaceCredentials>(services.config, services.catalog);
  services.open_store = [config = services.config, registry, places](
                            const Location& location, StoreRole role,
                            const runtime::CancelToken& token) {
    const auto open = [config, registry, places, role, token](const Location& at) {
      return registry->Open(at, StoreOptionsFor(*config, role, token), places->For(at, role));
    };
    auto opened = open(location);
    // A table's log may name files elsewhere, which the credentials of sources reach.
    if (opened && role == StoreRole::kSource) {
      opened = stores::ReachElsewhere(*std::move(opened), location, open);
    }
    return opened;
  };
  services.open_table =
      [config = services.config, registry, catalog = services.catalog](
          const Location& location, const catalog::CatalogTable& table,
          const runtime::CancelToken& token) -> Result<std::shared_ptr<ObjectStore>> {
    const auto credentials = catalog->ReadCredentials(table);
    const auto open = [config, registry, token, credentials](const Location& at) {
      return registry->Open(at, StoreOptionsFor(*config, StoreRole::kSource, token), credentials);
    };
    SLUICE_ASSIGN_OR_RETURN(auto opened, open(location));
    return stores::ReachElsewhere(std::move(opened), location,
                                  [open, name = table.name.ToString()](
                                      const Location& at) -> Result<std::shared_ptr<ObjectStore>> {
                                    SLUICE_ASSIGN_OR_RETURN(auto place, open(at));
                                    return std::make_shared<ClonedPlace>(std::move(place), name);
                                  });
  };
  services.open_bucket = [config = services.config, registry, places](
                             const std::string& bucket, StoreRole role,
                             const runtime::CancelToken& token) {
    return registry->OpenBucket(bucket, StoreOptionsFor(*config, role, token),
                                places->ForBucket(bucket, role));
  };
  services.make_mover = transfer::MakeMover;
  return services;
}

}  // namespace sluice::exporter
